import { readFile, writeFile } from "node:fs/promises";
import { openApiDocument } from "./openapi.ts";

// `npm run openapi`: writes openapi.json beside this file. A test fails while it is stale.
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
await writeFile(
  new URL("./openapi.json", import.meta.url),
  `${JSON.stringify(openApiDocument(version), null, 2)}\n`,
);
