import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseChatRequest } from "../../src/contract/chat.ts";
import { endpoints } from "../../src/contract/endpoints.ts";
import { errorCodes } from "../../src/contract/error.ts";
import { ruleFields } from "../../src/contract/options.ts";

const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");

/** The first cells of the table whose head begins with that word. */
function firstCells(head: string): string[] {
  const table = page.slice(page.indexOf(`| ${head} |`)).split("\n\n", 1)[0] as string;
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.split(" | ", 1)[0]?.slice(2) as string);
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
