import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openApiDocument } from "../../src/contract/openapi.ts";

test("openapi.json is what the schemas say; `npm run openapi` writes it", async () => {
  const written = JSON.parse(
    await readFile(new URL("../../src/contract/openapi.json", import.meta.url), "utf8"),
  );
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  expect(JSON.parse(JSON.stringify(openApiDocument(version)))).toEqual(written);
});
