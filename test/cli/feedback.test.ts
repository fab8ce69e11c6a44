import { expect, test } from "vitest";
import { parseAnswer } from "../../src/cli/d1/query.ts";
import { hashOfKeyName, outcomesOf } from "../../src/cli/feedback.ts";
import { describeDatabase } from "../../src/cli/report.ts";

const row = { rowid: 1, decision: "d1", model: "a", score: 1, encoder: "e", embedding: "AAAA" };

test("a pulled line says whose feedback it is, and not by name", () => {
  const rows = [
    { ...row, key_name: "shop" },
    { ...row, model: "b", score: 0, key_name: "shop" },
    { ...row, decision: "d2", key_name: "other" },
    { ...row, decision: "d3", key_name: null },
  ];
  const records = outcomesOf(rows, "feedback");
  expect(records.map(({ from }) => from)).toEqual([hashOfKeyName("shop"), hashOfKeyName("other"), undefined]);
  expect(records[0]?.outcomes).toEqual({ a: 1, b: 0 });
  expect(JSON.stringify(records)).not.toMatch(/shop|other/);
  expect(hashOfKeyName("shop")).not.toBe(hashOfKeyName("other"));
});

test.each([
  [null, /^the database holds 3 scores and 4 decisions$/],
  [12_000_000, /12\.0 MB: 2\.4 % of the Free plan's, 0\.1 % of the Paid plan's$/],
  [410_000_000, /82\.0 % of the Free plan's.*prune/],
  [3_000_000_000, /30\.0 % of the Paid plan's$/],
  [8_100_000_000, /81\.0 % of the Paid plan's.*prune/],
])("a database of %s bytes is told before it is full", (bytes, sentence) => {
  expect(describeDatabase({ bytes, feedback_rows: 3, decision_rows: 4 })).toMatch(sentence);
});

test("what D1 says of its size is read from what Wrangler prints", () => {
  const printed = `a notice\n${JSON.stringify([{ results: [{ a: 1 }], success: true, meta: { size_after: 49_152 } }])}`;
  expect(parseAnswer(printed)).toMatchObject([{ results: [{ a: 1 }], meta: { size_after: 49_152 } }]);
});
