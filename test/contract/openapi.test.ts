import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { errorCodes } from "../../src/contract/error.ts";
import { openApiDocument } from "../../src/contract/openapi.ts";

test("openapi.json is what the schemas say; `npm run openapi` writes it", async () => {
  const written = JSON.parse(
    await readFile(new URL("../../src/contract/openapi.json", import.meta.url), "utf8"),
  );
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  expect(JSON.parse(JSON.stringify(openApiDocument(version)))).toEqual(written);
});

test("docs/api.md explains every error code and every endpoint", async () => {
  const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
  expect(errorCodes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  const { paths } = openApiDocument("0") as { readonly paths: Record<string, unknown> };
  expect(Object.keys(paths).filter((path) => !page.includes(path))).toEqual([]);
});
