import { describe, expect, it } from "vitest";
import { formatLosoHtml, formatLosoMarkdown, formatLosoTable } from "../../src/evaluation/loso/format.ts";
import { leaveSuitesOut } from "../../src/evaluation/loso/leave-suites-out.ts";
import { samplePrompts, toSuite } from "../../src/evaluation/loso/suite.ts";
import { matrix } from "../../src/numerics/matrix.ts";
import { looseTies, sharedModels } from "../../src/training/suite-ties.ts";
import { syntheticDataset } from "./synthetic.ts";

const none = new Map<string, string>();
/** No prompt of one suite has the text of another's. */
function suiteOf(name: string, seed: number, models?: readonly string[]) {
  const dataset = syntheticDataset({ seed, prompts: 90, ...(models === undefined ? {} : { models }) });
  return toSuite(name, { ...dataset, textKeys: dataset.textKeys.map((key) => `${name} ${key}`) }, none);
}
const suites = ["one", "two", "three", "four"].map((name, k) => suiteOf(name, k + 1));

describe("toSuite", () => {
  it("joins the names of a model, averaging its results, and names tasks after the suite", () => {
    const dataset = { ...syntheticDataset({ prompts: 12 }), models: ["a", "a@host", "c"] };
    dataset.outcomes.data.set([1, 0, 0.25, Number.NaN, 1, Number.NaN]);
    const { dataset: joined } = toSuite("mine", dataset, new Map([["a@host", "a"]]));
    expect(joined.models).toEqual(["a", "c"]);
    expect(joined.tasks[0]).toBe("mine/t0");
    expect([...joined.outcomes.data.subarray(0, 4)]).toEqual([0.5, 0.25, 1, Number.NaN]);
  });
});

describe("samplePrompts", () => {
  it("draws some of many prompts, by the seed and in their order, and leaves few alone", () => {
    const dataset = syntheticDataset({ prompts: 60 });
    expect(samplePrompts(dataset, 60)).toBe(dataset);
    const { ids } = samplePrompts(dataset, 20, 1);
    expect(new Set(ids).size).toBe(20);
    expect(ids).toEqual(dataset.ids.filter((id) => ids.includes(id)));
    expect(samplePrompts(dataset, 20, 1).ids).toEqual(ids);
    expect(samplePrompts(dataset, 20, 2).ids).not.toEqual(ids);
  });
});

describe("leaveSuitesOut", () => {
  it("judges each suite by a router that was trained on the others", async () => {
    const result = await leaveSuitesOut(suites, { seed: 0, among: ["a", "c", "nobody"] });
    if (!result.ok) throw new Error(result.failure.message);
    const report = result.value;
    expect(report.suites.map(({ suite }) => suite)).toEqual(["one", "two", "three", "four"]);
    for (const { prompts, models, gain, routed, best_on_average, best_single, brier } of report.suites) {
      expect(prompts).toBe(90);
      expect(models).toEqual(["a", "b", "c"]);
      expect(gain).toBeCloseTo(routed - best_on_average, 10);
      expect(best_single).toBeGreaterThanOrEqual(best_on_average);
      // The tasks are the same directions in every suite, so what was learned holds.
      expect(brier).toBeLessThan(0.25);
    }
    expect(report.among?.suites.map(({ models }) => models)).toEqual(suites.map(() => ["a", "c"]));
    for (const text of [formatLosoTable(report), formatLosoMarkdown(report), formatLosoHtml(report)])
      expect(text).toContain("three");
  });

  it("wants three suites, and models that tie them together", async () => {
    const few = await leaveSuitesOut(suites.slice(0, 2), { seed: 0 });
    expect(few).toMatchObject({ ok: false, failure: { code: "few_suites" } });
    const strange = suiteOf("strange", 9, ["x", "y", "z"]);
    const apart = await leaveSuitesOut([...suites.slice(0, 2), strange], { seed: 0 });
    expect(apart).toMatchObject({ ok: false, failure: { code: "nothing_shared", param: "strange" } });
  });
});

describe("suite ties", () => {
  it("names the pairs of suites that hang on fewer than two models", () => {
    const outcomes = matrix(3, 3, Float32Array.of(1, 1, NaN, 1, 1, 1, NaN, NaN, 1));
    const shared = sharedModels({ outcomes, taskOf: Int32Array.of(0, 1, 2), tasks: ["a/x", "b/x", "c/x"] });
    expect(shared["a"]).toEqual({ b: 2, c: 0 });
    expect(looseTies(shared)).toEqual(["a and c (0)", "b and c (1)"]);
  });
});
