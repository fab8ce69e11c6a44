import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { RouteTaskResponse } from "../../src/client/index.ts";
import { routeTaskRequestSchema } from "../../src/contract/route-task.ts";
import { parsePrompts } from "../../src/playground/task/parse-prompts.ts";
import { taskReason } from "../../src/playground/task/reason.ts";
import {
  emptyTask,
  labeledPrompts,
  MAX_PROMPTS,
  toTaskRequest,
  turnLabel,
} from "../../src/playground/task/task-state.ts";

describe("pasted prompts", () => {
  test("are one a line", () => {
    expect(parsePrompts("One?\r\n\n  Two? \n").prompts.map(({ prompt }) => prompt)).toEqual(["One?", "Two?"]);
    expect(parsePrompts(" \n ")).toEqual({ prompts: [], faults: [] });
  });

  test("may be JSON lines with outcomes; what is no score is left out", () => {
    const line = JSON.stringify({ task: "t", prompt: "One?", outcomes: { a: 1, b: 0.5, c: "x", d: 7 } });
    expect(parsePrompts(`${line}\n"quoted, as it is"`).prompts).toEqual([
      { prompt: "One?", outcomes: { a: 1, b: 0.5 } },
      { prompt: '"quoted, as it is"', outcomes: {} },
    ]);
  });

  test("what is left out is told with its line", () => {
    const lines = ['{"prompt": "One?"}', "", '{"prompt": "Two?', '{"question": "Three?"}'];
    const wrong = '{"prompt": "Four?", "outcomes": {"a": 2}}';
    expect(parsePrompts([...lines, wrong].join("\n"))).toEqual({
      prompts: [
        { prompt: "One?", outcomes: {} },
        { prompt: "Four?", outcomes: {} },
      ],
      faults: [
        "Line 3: not valid JSON",
        'Line 4: there is no text in "prompt"',
        "Line 5: the score of a is not a number from 0 to 1",
      ],
    });
    expect(parsePrompts('["One?", 3]').faults).toEqual(['Item 2: there is no text in "prompt"']);
  });

  test("may be a JSON array of strings or objects", () => {
    expect(parsePrompts('["One?", {"prompt": "Two?"}, 3, ""]').prompts.map(({ prompt }) => prompt)).toEqual([
      "One?",
      "Two?",
    ]);
  });

  test("that only look like JSON are text", () => {
    expect(parsePrompts("{what is a set?}\n[maths] 1 + 1?").prompts.map(({ prompt }) => prompt)).toEqual([
      "{what is a set?}",
      "[maths] 1 + 1?",
    ]);
  });
});

test("a label goes round: right, wrong, none; it wins over what was pasted", () => {
  let state = { ...emptyTask, text: '{"prompt": "One?", "outcomes": {"a": 0}}' };
  const scores = () => labeledPrompts(parsePrompts(state.text).prompts, state.labels)[0]?.outcomes;
  expect(scores()).toEqual({ a: 0 });
  const seen = [1, 2, 3].map(() => {
    state = turnLabel(state, "One?", "b");
    return scores();
  });
  expect(seen).toEqual([{ a: 0, b: 1 }, { a: 0, b: 0 }, { a: 0 }]);
});

test("what is sent is what the API takes, up to as many prompts", () => {
  const lines = Array.from({ length: MAX_PROMPTS + 1 }, (_, k) => `Prompt ${k}?`);
  const state = turnLabel({ ...emptyTask, text: lines.join("\n") }, "Prompt 0?", "a");
  const prompts = toTaskRequest(labeledPrompts(parsePrompts(state.text).prompts, state.labels));
  expect(prompts.slice(0, 2)).toEqual([{ prompt: "Prompt 0?", outcomes: { a: 1 } }, { prompt: "Prompt 1?" }]);
  expect(v.is(routeTaskRequestSchema, { prompts: prompts.slice(0, MAX_PROMPTS) })).toBe(true);
  expect(v.is(routeTaskRequestSchema, { prompts })).toBe(false);
});

test("the reason for a model of a task is a sentence", () => {
  const candidate = { model: "a", s1: 0.7, s2: 0.8, s3: null, posterior: 0.7, labels: 0 };
  const response: RouteTaskResponse = {
    model: "a",
    reason: "posterior",
    familiarity: 0.9,
    labelled: 0,
    ranking: [candidate, { ...candidate, model: "b" }],
    bundle: "",
  };
  expect(taskReason(response)).toMatch(/of 2 models, .* no labels yet\.$/);
  const labelled = { ...response, ranking: [{ ...candidate, labels: 1 }] };
  expect(taskReason(labelled)).toMatch(/with 1 label counted\.$/);
  expect(taskReason({ ...response, reason: "s3" })).toMatch(/^The highest S3 of 2 models/);
  expect(taskReason({ ...response, reason: "best_on_average" })).toMatch(/best on average/);
});
