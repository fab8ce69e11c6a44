import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

test("every row of docs/reliability.md names a test that is there, and every fault test has a row", async () => {
  const page = await readFile(new URL("../../docs/reliability.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\|.*\| ([a-z0-9]+): ([^|]+?) \|$/gm)].map(([, file, name]) => ({
    file,
    name,
  }));
  expect(rows.length).toBeGreaterThan(30);
  const files = ["kv", "d1", "provider", "isolate", "memory"];
  const tests = new Map<string, readonly string[]>();
  for (const file of files) {
    const code = await readFile(new URL(`${file}.test.ts`, import.meta.url), "utf8");
    tests.set(
      file,
      [...code.matchAll(/^test\("([^"]+)"/gm)].map(([, name]) => name as string),
    );
  }
  const named = (file: string) => rows.filter((row) => row.file === file).map(({ name }) => name);
  for (const file of files)
    expect([file, ...named(file).toSorted()]).toEqual([file, ...(tests.get(file) ?? []).toSorted()]);
});
