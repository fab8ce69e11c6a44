import { readFile, writeFile } from "node:fs/promises";
import { openApiDocument } from "../src/contract/openapi.ts";

// `npm run openapi`: writes src/contract/openapi.json. A test fails while it is stale.
const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
await writeFile(
  new URL("../src/contract/openapi.json", import.meta.url),
  `${JSON.stringify(openApiDocument(version), null, 2)}\n`,
);
