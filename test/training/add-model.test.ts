import { describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import { evidenceOf } from "../../src/core/evidence.ts";
import { row, takeRows } from "../../src/numerics/matrix.ts";
import { addModel } from "../../src/training/add-model.ts";
import { takeModels } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { syntheticDataset, syntheticEncoder } from "./synthetic.ts";

const whole = syntheticDataset({ prompts: 2000, models: 5, tasks: 4 });
// model-4 is good at no task (4 mod 5 is no task number); models 0 to 3 are each good at one.
const known = ["model-0", "model-1", "model-2", "model-4"];

let fittedBundle: Promise<Uint8Array> | undefined;

function knownBundle(): Promise<Uint8Array> {
  fittedBundle ??= fitKnown();
  return fittedBundle;
}

async function fitKnown(): Promise<Uint8Array> {
  const fitted = await fitRouter(takeModels(whole, known), syntheticEncoder, {
    kind: "landmark-heads",
    seed: 0,
  });
  if (!fitted.ok) throw new Error(fitted.failure.message);
  return fitted.value;
}

function newModel(model: string, count: number, of = 3) {
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  return {
    model,
    embeddings: takeRows(whole.embeddings, indices),
    outcomes: Float64Array.from(indices, (i) => whole.outcomes.data[i * 5 + of]),
  };
}

function load(bundle: Uint8Array) {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) throw new Error(predictor.failure.message);
  return predictor.value;
}

describe("addModel", () => {
  it("learns where the new model is good and leaves the others as they were", async () => {
    const bundle = await knownBundle();
    const extended = addModel(bundle, newModel("model-3", 300));
    if (!extended.ok) throw new Error(extended.failure.message);
    const [before, after] = [load(bundle), load(extended.value)];
    expect(after.models).toEqual([...known, "model-3"]);
    const means = [0, 0, 0, 0];
    for (let i = 1000; i < 2000; i++) {
      const prediction = after.predict(row(whole.embeddings, i));
      expect(prediction.pCorrect.subarray(0, 4)).toEqual(before.predict(row(whole.embeddings, i)).pCorrect);
      const task = i % 4;
      means[task] = means[task] + prediction.pCorrect[4] / 250;
    }
    // It is right with probability .8 on its own task and .4 elsewhere.
    expect(means[3]).toBeGreaterThan(0.6);
    for (const task of [0, 1, 2]) expect(means[task]).toBeLessThan(0.55);
  });

  it("does not believe in a lucky handful", async () => {
    const extended = addModel(await knownBundle(), {
      ...newModel("lucky", 6),
      outcomes: new Float64Array(6).fill(1),
    });
    if (!extended.ok) throw new Error(extended.failure.message);
    const { pCorrect, decisionScore } = load(extended.value).predict(row(whole.embeddings, 0));
    expect(pCorrect[4]).toBeLessThan(0.9);
    expect(decisionScore[4]).toBeLessThan(Math.max(...decisionScore.subarray(0, 4)));
  });

  it("takes published scores for outcomes: a score of its task says where it is good", async () => {
    const bundle = await knownBundle();
    const stated = (score: number) => ({ score, sd: 0.03 });
    // Right with probability .8 on task-3, .4 elsewhere; model-3 was left out.
    const scores = new Map([
      ["task-0", stated(0.4)],
      ["task-1", stated(0.4)],
      ["task-2", stated(0.4)],
      ["task-3", stated(0.8)],
    ]);
    const nothingRun = {
      embeddings: takeRows(whole.embeddings, new Int32Array(0)),
      outcomes: new Float64Array(0),
    };
    const extended = addModel(bundle, { model: "model-3", ...nothingRun, scores });
    if (!extended.ok) throw new Error(extended.failure.message);
    const predictor = load(extended.value);
    const means = [0, 0, 0, 0];
    for (let i = 1000; i < 2000; i++) {
      means[i % 4] = means[i % 4] + predictor.predict(row(whole.embeddings, i)).pCorrect[4] / 250;
    }
    // The scores' own noise, and that a prompt is not wholly of its task.
    expect(means[3]).toBeGreaterThan(0.6);
    for (const task of [0, 1, 2]) expect(means[task]).toBeLessThan(0.5);
    const evidence = evidenceOf(predictor.header, "model-3");
    expect(evidence).toMatchObject({ outcomes: 0, published: 4 });
    expect(evidence?.ability?.low).toBeLessThan(0.5);
    expect(evidence?.ability?.high).toBeGreaterThan(0.5);
    expect(evidenceOf(predictor.header, "model-0")).toMatchObject({ outcomes: 2000, published: 0 });
  });

  it("takes a score of all tasks for the mean that it is", async () => {
    const nothingRun = {
      embeddings: takeRows(whole.embeddings, new Int32Array(0)),
      outcomes: new Float64Array(0),
    };
    const scores = new Map([["*", { score: 0.55, sd: 0.001 }]]);
    const extended = addModel(await knownBundle(), { model: "new", ...nothingRun, scores });
    if (!extended.ok) throw new Error(extended.failure.message);
    const { header, priors } = load(extended.value);
    // To the score's own thousandth, and what the prior's width leaves of it.
    expect(evidenceOf(header, "new")?.ability?.mean).toBeCloseTo(0.55, 2);
    // The prior decides, and stands at the lower bound: a little below.
    expect(priors[4]).toBeGreaterThan(0.45);
    expect(priors[4]).toBeLessThanOrEqual(0.555);
  });

  it("names what is near to a task that it doesn't know", async () => {
    const { embeddings } = newModel("new", 0);
    const scores = new Map([["task-33", { score: 0.5, sd: 0.03 }]]);
    const added = { model: "new", embeddings, outcomes: new Float64Array(0), scores };
    expect(addModel(await knownBundle(), added)).toMatchObject({
      failure: { code: "unknown_task", message: expect.stringContaining("near are task-3,") },
    });
  });

  it("refuses what it cannot do", async () => {
    const bundle = await knownBundle();
    const knn = await fitRouter(takeModels(whole, known), syntheticEncoder, {
      kind: "knn",
      seed: 0,
    });
    if (!knn.ok) throw new Error(knn.failure.message);
    expect(addModel(bundle, newModel("model-0", 50))).toMatchObject({
      failure: { code: "model_known" },
    });
    expect(addModel(bundle, newModel("new", 3))).toMatchObject({
      failure: { code: "too_few_outcomes" },
    });
    expect(addModel(knn.value, newModel("new", 50))).toMatchObject({
      failure: { code: "bundle_kind" },
    });
    expect(addModel(new Uint8Array(9), newModel("new", 50))).toMatchObject({
      failure: { code: "bundle_unusable" },
    });
  });
});
