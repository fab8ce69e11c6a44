import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseChatRequest } from "../../src/contract/chat.ts";
import { endpoints } from "../../src/contract/endpoints.ts";
import { errorCodes } from "../../src/contract/error.ts";
import { ruleFields } from "../../src/contract/options.ts";
import { bindings } from "../../src/worker/state/bindings.ts";
import { variables } from "../../src/worker/state/variables.ts";

const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");

/** The cells, row by row, of the table whose head begins with that word. */
function cells(head: string): string[][] {
  const table = page.slice(page.indexOf(`| ${head} |`)).split("\n\n", 1)[0] as string;
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .map((row) => row.slice(1));
}

function firstCells(head: string): string[] {
  return cells(head).map(([first]) => first as string);
}

test("docs/api.md lists every address, and none besides", () => {
  const addresses = Object.values(endpoints).map(({ method, path }) => `\`${method.toUpperCase()} ${path}\``);
  expect(firstCells("address").sort()).toEqual(addresses.sort());
});

test("docs/api.md lists every choice rule, and none besides", () => {
  const fields = firstCells("field | chooses").map((cell) => /^`(\w+)/.exec(cell)?.[1]);
  expect(fields.sort()).toEqual(
    Object.values(ruleFields)
      .map(({ field }) => field as string)
      .sort(),
  );
});

test("docs/api.md lists every variable with its default and range, every binding, and none besides", () => {
  const listed = cells("variable").map(([name = "", ...rest]) => [
    name.replaceAll(/`| \(.*\)/g, ""),
    ...rest.slice(0, 2),
  ]);
  const read = [
    ...Object.values(variables).map(({ name, standard, range }) => [
      name,
      range.startsWith("`") ? `\`${standard}\`` : standard,
      range,
    ]),
    ...Object.values(bindings).map(({ name }) => [name, "", ""]),
    ["API_KEYS", "", ""],
  ];
  expect(listed.sort()).toEqual(read.sort());
});

test("docs/api.md explains every error code", () => {
  expect(errorCodes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});

test.each(Object.entries(ruleFields))(
  "the rule %s fits behind `auto:`, and the page says so",
  (kind, { field }) => {
    const value = kind === "quality" ? "quality" : "0.5";
    const messages = [{ role: "user", content: "Hello" }];
    const parsed = parseChatRequest({ model: `auto:${field}=${value}`, messages });
    expect(parsed).toMatchObject({ ok: true, value: { question: { demands: { rule: { kind } } } } });
    const row = page.split("\n").find((line) => line.startsWith("| `auto:spend")) ?? "";
    expect(row).toContain(`\`${field}\``);
  },
);
