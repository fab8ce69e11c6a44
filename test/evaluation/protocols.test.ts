import { describe, expect, it } from "vitest";
import { crossValidate } from "../../src/evaluation/protocols/cross-validation.ts";
import { joinFamilies } from "../../src/evaluation/protocols/families.ts";
import { leaveOneTaskOut, MAX_GROUPS } from "../../src/evaluation/protocols/leave-one-task-out.ts";
import { trainTest } from "../../src/evaluation/protocols/train-test.ts";
import { syntheticDataset } from "./synthetic.ts";

describe("cross-validation", () => {
  it("tests every prompt once and never trains on it", () => {
    const splits = crossValidate(syntheticDataset(), 5, 0);
    expect(splits.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual([...Array(120).keys()]);
    for (const { train, test } of splits) expect(train.length + test.length).toBe(120);
  });

  it("keeps prompts with equal text together", () => {
    const textKeys = Array.from({ length: 60 }, (_, i) => `key${i % 7}`);
    for (const { train, test, dropped } of crossValidate({ textKeys }, 3, 0)) {
      const testKeys = new Set(Array.from(test, (i) => textKeys[i]));
      expect(Array.from(train).some((i) => testKeys.has(textKeys[i]))).toBe(false);
      expect(dropped).toBe(0);
    }
  });

  it("gives a text the same fold wherever it stands in the file", () => {
    const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
    const foldsOf = (textKeys: readonly string[]) =>
      crossValidate({ textKeys }, 4, 3).map(({ test }) => Array.from(test, (i) => textKeys[i]).sort());
    expect(foldsOf(keys.toReversed())).toEqual(foldsOf(keys));
  });

  it("makes other folds of another seed", () => {
    expect(crossValidate(syntheticDataset(), 5, 1)[0]?.test).not.toEqual(
      crossValidate(syntheticDataset(), 5, 2)[0]?.test,
    );
  });
});

describe("leave-one-task-out", () => {
  it("holds out levels of one task together", () => {
    const dataset = syntheticDataset({ tasks: ["sort@easy", "sort@hard", "count@easy"] });
    const splits = leaveOneTaskOut(dataset, joinFamilies(dataset, []), 0);
    expect(splits.map(({ name }) => name)).toEqual(["sort", "count"]);
    expect(splits[0]?.test.length).toBe(80);
  });

  it("holds out together what a list of patterns names", () => {
    const dataset = syntheticDataset({ tasks: ["mmlu", "pro/law", "pro/math", "gsm"] });
    const families = joinFamilies(dataset, [["mmlu", "pro/*"]]);
    expect(families.families).toEqual(["mmlu + pro/law + pro/math", "gsm"]);
    expect(leaveOneTaskOut(dataset, families, 0)).toHaveLength(2);
  });

  it("joins lists that overlap", () => {
    const dataset = syntheticDataset({ tasks: ["a", "b", "c", "d"] });
    expect(
      joinFamilies(dataset, [
        ["a", "b"],
        ["b", "c"],
      ]).families,
    ).toEqual(["a + b + c", "d"]);
  });

  it("leaves out training prompts with the text of a test prompt, and counts them", () => {
    const dataset = syntheticDataset({ prompts: 12, tasks: ["x", "y"] });
    const textKeys = dataset.textKeys.map((key, i) => (i < 2 ? "same" : key));
    const splits = leaveOneTaskOut({ ...dataset, textKeys }, joinFamilies(dataset, []), 0);
    expect(splits.map(({ dropped }) => dropped)).toEqual([1, 1]);
  });

  it("deals many families into groups of whole families of like size", () => {
    const tasks = Array.from({ length: 60 }, (_, d) => `task${d}`);
    const dataset = syntheticDataset({ prompts: 600, tasks });
    const splits = leaveOneTaskOut(dataset, joinFamilies(dataset, []), 0);
    expect(splits).toHaveLength(MAX_GROUPS);
    expect(Math.max(...splits.map(({ test }) => test.length))).toBeLessThanOrEqual(30);
    for (const { test, train } of splits) {
      const tested = new Set(Array.from(test, (i) => dataset.taskOf[i]));
      expect(Array.from(train).some((i) => tested.has(dataset.taskOf[i]))).toBe(false);
    }
  });
});

describe("train and test files", () => {
  it("drops training prompts that the test file has too, and counts them", () => {
    const [split] = trainTest({ textKeys: ["p", "q", "r", "q"] }, 2);
    expect(split).toMatchObject({ dropped: 1, train: Int32Array.of(0), test: Int32Array.of(2, 3) });
  });
});
