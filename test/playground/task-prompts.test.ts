import { describe, expect, test } from "vitest";
import { parsePrompts } from "../../src/playground/task/parse-prompts.ts";
import { emptyTask, labeledPrompts, turnLabel } from "../../src/playground/task/task-state.ts";

describe("pasted prompts", () => {
  test("are one a line", () => {
    expect(parsePrompts("One?\r\n\n  Two? \n").map(({ prompt }) => prompt)).toEqual(["One?", "Two?"]);
    expect(parsePrompts(" \n ")).toEqual([]);
  });

  test("may be JSON lines with outcomes; what is no score is left out", () => {
    const line = JSON.stringify({ task: "t", prompt: "One?", outcomes: { a: 1, b: 0.5, c: "x", d: 7 } });
    expect(parsePrompts(`${line}\n"quoted, as it is"`)).toEqual([
      { prompt: "One?", outcomes: { a: 1, b: 0.5 } },
      { prompt: '"quoted, as it is"', outcomes: {} },
    ]);
  });

  test("may be a JSON array of strings or objects", () => {
    expect(parsePrompts('["One?", {"prompt": "Two?"}, 3, ""]').map(({ prompt }) => prompt)).toEqual([
      "One?",
      "Two?",
    ]);
  });

  test("that only look like JSON are text", () => {
    expect(parsePrompts("{what is a set?}\n[maths] 1 + 1?").map(({ prompt }) => prompt)).toEqual([
      "{what is a set?}",
      "[maths] 1 + 1?",
    ]);
  });
});

test("a label goes round: right, wrong, none; it wins over what was pasted", () => {
  let state = { ...emptyTask, text: '{"prompt": "One?", "outcomes": {"a": 0}}' };
  const scores = () => labeledPrompts(state)[0]?.outcomes;
  expect(scores()).toEqual({ a: 0 });
  const seen = [1, 2, 3].map(() => {
    state = turnLabel(state, "One?", "b");
    return scores();
  });
  expect(seen).toEqual([{ a: 0, b: 1 }, { a: 0, b: 0 }, { a: 0 }]);
});
