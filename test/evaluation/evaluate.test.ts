import { describe, expect, it } from "vitest";
import { type EvaluationOptions, evaluateRouters } from "../../src/evaluation/evaluate.ts";
import { formatJson } from "../../src/evaluation/report/json.ts";
import type { EvaluationReport } from "../../src/evaluation/report/report.ts";
import { formatTable } from "../../src/evaluation/report/table.ts";
import { knnRouter } from "../../src/evaluation/routers/knn.ts";
import { nearestCentroidRouter } from "../../src/evaluation/routers/nearest-centroid.ts";
import { matrix } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { type Dataset, takeModels, takePrompts } from "../../src/training/dataset.ts";
import { syntheticDataset } from "./synthetic.ts";

const options: EvaluationOptions = {
  protocol: "cv",
  suite: "synthetic",
  routers: [knnRouter(5), nearestCentroidRouter],
  lotoRouters: [nearestCentroidRouter],
  experiments: [],
  folds: 4,
  seed: 0,
  together: [],
  minCoverage: 0.9,
  maxIncomplete: 0.05,
};

async function report(dataset: Dataset, changes: Partial<EvaluationOptions> = {}): Promise<EvaluationReport> {
  const result = await evaluateRouters(dataset, { ...options, ...changes });
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

async function failure(dataset: Dataset, changes: Partial<EvaluationOptions> = {}) {
  const result = await evaluateRouters(dataset, { ...options, ...changes });
  return result.ok ? undefined : result.failure.code;
}

const withOutcomes = (dataset: Dataset, change: (score: number, k: number) => number): Dataset => ({
  ...dataset,
  outcomes: { ...dataset.outcomes, data: dataset.outcomes.data.map(change) },
});

describe("cross-validation on tasks with a best model each", () => {
  const dataset = syntheticDataset({ prompts: 300 });

  it("shows what routing gains, between the anchors", async () => {
    const { routers, anchors, prompts, models, tasks } = await report(dataset);
    const centroid = routers["nearest-centroid"];
    expect({ prompts, models, tasks: tasks.length }).toEqual({
      prompts: 300,
      models: ["a", "b", "c"],
      tasks: 6,
    });
    expect(anchors.random).toBeLessThan(anchors.best_single);
    expect(anchors.best_per_task).toBeLessThan(anchors.oracle);
    expect(centroid?.headroom).toBeGreaterThan(0.9);
    expect(centroid?.gain_ci95[0]).toBeGreaterThan(0);
    expect(centroid?.score).toBeGreaterThan(centroid?.shuffled as number);
    expect(centroid?.auc_within_models).toBeGreaterThan(0.65);
  });

  it("gives the same bytes for the same seed, and other folds for another", async () => {
    const [first, second, other] = [
      await report(dataset),
      await report(dataset),
      await report(dataset, { seed: 1 }),
    ];
    expect(formatJson(second)).toBe(formatJson(first));
    expect(formatJson(other)).not.toBe(formatJson(first));
  });

  it("does not depend on the order of prompts and models in a file", async () => {
    const shuffled = takePrompts(dataset, permutation(300, seededRandom(9)));
    const [first, second] = [await report(dataset), await report(takeModels(shuffled, ["c", "a", "b"]))];
    for (const name of ["knn-5", "nearest-centroid"]) {
      expect(second.routers[name]?.score).toBeCloseTo(first.routers[name]?.score as number, 10);
      expect(second.routers[name]?.brier).toBeCloseTo(first.routers[name]?.brier as number, 6);
    }
    expect(second.anchors.best_single).toBeCloseTo(first.anchors.best_single, 10);
  });

  it("traces quality and cost with prices, and RouteLLM's measures with two models", async () => {
    const prices = new Map(
      ["a", "b", "c"].map((model, m) => [model, { input: 3 - m, cachedInput: 1, output: 3 - m }]),
    );
    const priced = await report(dataset, { prices });
    const { cost, mean_usd: usd } = priced.routers["nearest-centroid"] ?? {};
    expect(usd).toBeGreaterThan((priced.single_models?.[2]?.meanUsd as number) - 1e-12);
    expect(cost?.curve.length).toBeGreaterThan(20);
    expect(cost?.area).toBeGreaterThan(cost?.mixtureArea as number);
    const two = await report(takeModels(dataset, ["a", "b"]), { routers: [nearestCentroidRouter] });
    expect(two.routers["nearest-centroid"]?.calls?.apgr).toBeGreaterThan(0.6);
    expect(formatTable(two)).toContain("APGR");
  });

  it("measures leave-one-task-out beside it, and hidden blocks", async () => {
    const few = [nearestCentroidRouter];
    const { loto } = await report(dataset, { routers: few, experiments: ["loto", "paper", "few-labels"] });
    expect(loto).toMatchObject({ protocol: "loto", prompts: 300 });
    expect(loto?.paper?.tasks).toBe(6);
    expect(loto?.few_labels?.curves["labels"]?.at(-1)).toBeGreaterThan(loto?.few_labels?.bma as number);
  });
});

describe("incomplete outcomes", () => {
  const dataset = syntheticDataset({ prompts: 300 });

  it("leaves out models with few results, and says which", async () => {
    const { sparse_models: sparse, models } = await report(
      withOutcomes(dataset, (score, k) => (k % 3 === 1 && k < 450 ? Number.NaN : score)),
    );
    expect([sparse, models]).toEqual([["b"], ["a", "c"]]);
  });

  it("leaves out a few incomplete prompts, but not many", async () => {
    const few = withOutcomes(dataset, (score, k) => (k % 3 === 1 && k < 20 ? Number.NaN : score));
    const many = withOutcomes(dataset, (score, k) => (k % 3 === 1 && k < 80 ? Number.NaN : score));
    expect(await report(few)).toMatchObject({ prompts: 293, incomplete_prompts: 7 });
    expect(await report(many)).toMatchObject({ prompts: 300, incomplete_prompts: 0 });
  });
});

describe("edge cases", () => {
  const dataset = syntheticDataset({ prompts: 120 });

  it("one task: cross-validation works, leave-one-task-out says why not", async () => {
    const one = syntheticDataset({ tasks: ["only"] });
    expect((await report(one)).tasks).toEqual(["only"]);
    expect(await failure(one, { protocol: "loto" })).toBe("one_family");
  });

  it("one model: nothing to choose from", async () => {
    expect(await failure(takeModels(dataset, ["a"]))).toBe("too_few_models");
    expect(await failure(dataset, { models: ["a"] })).toBe("too_few_models");
  });

  it("all outcomes equal: no gain, no headroom, no order", async () => {
    const { routers } = await report(withOutcomes(dataset, () => 1));
    expect(routers["knn-5"]).toMatchObject({
      score: 1,
      gain: 0,
      gain_ci95: [0, 0],
      headroom: Number.NaN,
      auc: Number.NaN,
    });
    expect(
      JSON.parse(formatJson(await report(withOutcomes(dataset, () => 1)))).routers["knn-5"].headroom,
    ).toBeNull();
  });

  it("a model without outcomes: left out, or never chosen where it is kept", async () => {
    const dumb = withOutcomes(dataset, (score, k) => (k % 3 === 2 ? Number.NaN : score));
    expect((await report(dumb)).sparse_models).toEqual(["c"]);
    expect((await report(dumb, { minCoverage: 0 })).models).toEqual(["a", "b", "c"]);
  });

  it("a task with one prompt", async () => {
    const taskOf = dataset.taskOf.map((d, i) => (i === 0 ? 6 : d));
    const lone = { ...dataset, taskOf, tasks: [...dataset.tasks, "lone"] };
    const { routers } = await report(lone, { protocol: "loto", experiments: ["paper", "few-labels"] });
    expect(routers["knn-5"]?.score_by_task["lone"]).toBeGreaterThanOrEqual(0);
  });

  it("identical prompts: equal texts cannot be split, equal embeddings can", async () => {
    const sameText = { ...dataset, textKeys: dataset.textKeys.map(() => "same") };
    expect(await failure(sameText)).toBe("nothing_to_learn");
    const data = new Float32Array(dataset.embeddings.data.length).fill(0.25);
    const sameEmbedding = { ...dataset, embeddings: { ...dataset.embeddings, data } };
    expect((await report(sameEmbedding)).routers["nearest-centroid"]?.score).toBeGreaterThan(0.3);
  });

  it("scores outside 0 to 1, unknown models, missing prices, too few prompts", async () => {
    expect(await failure(withOutcomes(dataset, (score, k) => (k === 5 ? 2 : score)))).toBe("bad_score");
    expect(await failure(dataset, { models: ["a", "zzz"] })).toBe("unknown_model");
    expect(await failure(dataset, { prices: new Map() })).toBe("missing_price");
    expect(await failure(takePrompts(dataset, Int32Array.of(0, 1, 2)))).toBe("too_few_prompts");
  });
});

describe("train and test files", () => {
  const dataset = syntheticDataset({ prompts: 300 });
  const test = {
    ...syntheticDataset({ prompts: 60, seed: 8 }),
    textKeys: Array.from({ length: 60 }, (_, i) => `f${i}`),
  };

  it("judges on the test file only", async () => {
    expect(await report(dataset, { protocol: "split", test })).toMatchObject({
      prompts: 60,
      dropped_duplicates: 0,
    });
  });

  it("drops what both files have, and wants a test file", async () => {
    const twin = { ...test, textKeys: dataset.textKeys.slice(0, 60) };
    expect(await report(dataset, { protocol: "split", test: twin })).toMatchObject({
      dropped_duplicates: 60,
    });
    expect(await failure(dataset, { protocol: "split" })).toBe("missing_test");
  });

  it("joins files that name other models and tasks", async () => {
    const other = { ...test, models: ["b", "c", "d"], tasks: ["t0", "t1", "t2", "t3", "t4", "new"] };
    const joined = await report(dataset, { protocol: "split", test: other, minCoverage: 0.1 });
    expect(joined.models).toEqual(["a", "b", "c", "d"]);
    expect(joined.tasks).toContain("new");
  });
});

describe("a router's NaN", () => {
  it("is the worst score, not a crash", async () => {
    const broken = {
      name: "broken",
      fit: async () => ({
        predict: async ({ ids }: Dataset) => ({
          decisionScore: matrix(ids.length, 3, new Float32Array(ids.length * 3).fill(Number.NaN)),
        }),
      }),
    };
    const { routers, anchors } = await report(syntheticDataset(), { routers: [broken] });
    expect(routers["broken"]?.score).toBeCloseTo(anchors.random);
  });
});
