import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

// docs/security.md claims a test for every threat: file and name must be there.
const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", root), "utf8");
const [, table = ""] = page.split("## Threats, defenses, tests");
const rows = table
  .split("\n## ")[0]
  ?.split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim())) as string[][];

/** `file "name", "name"` in any number. */
function testsIn(cell: string): readonly { readonly file: string; readonly names: readonly string[] }[] {
  return [...cell.matchAll(/(test\/[\w./-]+\.ts)((?:,? "[^"]+")+)/g)].map(([, file = "", names = ""]) => ({
    file,
    names: [...names.matchAll(/"([^"]+)"/g)].map(([, name]) => name as string),
  }));
}

test("every threat has a defense and a test", () => {
  expect(rows.length).toBeGreaterThan(25);
  for (const [, boundary, threat, defense, tests = ""] of rows) {
    expect(boundary, threat).toMatch(/^[1-6](, [1-6])*$/);
    expect(defense?.length, threat).toBeGreaterThan(10);
    expect(testsIn(tests).length, threat).toBeGreaterThan(0);
    // Nothing in the cell that the pattern above didn't read.
    const read = tests.replaceAll(/(test\/[\w./-]+\.ts)((?:,? "[^"]+")+)(, )?/g, "");
    expect(read, threat).toBe("");
  }
});

test.each(
  rows.flatMap(([, , threat, , tests = ""]) => testsIn(tests).map((named) => ({ threat, ...named }))),
)("$threat: $file", ({ file, names }) => {
  const path = new URL(file, root);
  expect(existsSync(path), file).toBe(true);
  const titles = titlesOf(readFileSync(path, "utf8"));
  for (const name of names)
    expect(
      titles.some((title) => title.includes(name)),
      `${file}: ${name}`,
    ).toBe(true);
});

/** First arguments of `test`, `describe` and their `.each`, which may stand on a line of their own. */
function titlesOf(source: string): readonly string[] {
  const calls = source.matchAll(
    /(?:\b(?:test|it|describe)\(|\]\)\(|\)\)\(|\w\)\()\s*(["'`])((?:(?!\1).)*)\1/g,
  );
  return [...calls].map(([, , title]) => title as string);
}
