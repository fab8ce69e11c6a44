import { expect, test } from "vitest";
import { locateScores, parseScores } from "../../src/training/evidence/published-scores.ts";

const tasks = ["mmlu-pro/law", "mmlu-pro/math", "zeroeval/gsm", "refunds"];

function locate(value: unknown) {
  const scores = parseScores(value);
  if (!scores.ok) throw new Error(scores.failure.message);
  return locateScores(scores.value, tasks);
}

test("a task, a suite, a wildcard and all", () => {
  const located = locate({
    "mmlu-pro/law": { score: 0.7, sd: 0.02, source: "https://example.com" },
    "mmlu-pro": 0.8,
    "*/gsm": 0.9,
    refunds: 0.4,
    "*": 0.75,
  });
  expect(located).toEqual({
    ok: true,
    value: [
      { tasks: [0], score: 0.7, sd: 0.02 },
      { tasks: [0, 1], score: 0.8, sd: 0.03 },
      { tasks: [2], score: 0.9, sd: 0.03 },
      { tasks: [3], score: 0.4, sd: 0.03 },
      { tasks: [0, 1, 2, 3], score: 0.75, sd: 0.03 },
    ],
  });
});

test("a name that means nothing is told with those that are near", () => {
  expect(locate({ "mmlu-pro/maths": 0.8 })).toMatchObject({
    failure: { code: "unknown_task", message: expect.stringContaining("near are mmlu-pro/math") },
  });
  expect(locate({ "mmlu pro": 0.8 })).toMatchObject({
    failure: { message: expect.stringContaining("near are mmlu-pro,") },
  });
});

test.each([
  [[], "scores are an object"],
  [{}, "there is no score"],
  [{ law: 83 }, "write 0.83 for 83 %"],
  [{ law: "0.8" }, "must be a number from 0 to 1"],
  [{ law: { score: 0.8, sd: 0 } }, "`sd`"],
  [{ law: { score: 0.8, source: 3 } }, "`source`"],
])("%j is refused", (value, message) => {
  expect(parseScores(value)).toMatchObject({
    ok: false,
    failure: { message: expect.stringContaining(message) },
  });
});
