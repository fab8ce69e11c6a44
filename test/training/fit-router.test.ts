import { describe, expect, it } from "vitest";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { Predictor, RouterKind } from "../../src/core/predictor.ts";
import { matrix, row } from "../../src/numerics/matrix.ts";
import { type Dataset, takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { syntheticDataset, syntheticEncoder } from "./synthetic.ts";

const kinds = ["landmark-heads", "knn"] as const;

async function fitBundle(dataset: Dataset, kind: RouterKind): Promise<Uint8Array> {
  const bundle = await fitRouter(dataset, syntheticEncoder, { kind, seed: 0 });
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

async function fitAndLoad(dataset: Dataset, kind: RouterKind): Promise<Predictor> {
  const predictor = loadPredictor(await fitBundle(dataset, kind));
  if (!predictor.ok) throw new Error(predictor.failure.message);
  return predictor.value;
}

function expectSensible(predictor: Predictor, dataset: Dataset): void {
  const prediction = predictor.predict(row(dataset.embeddings, 0));
  expect(prediction.pCorrect).toHaveLength(predictor.models.length);
  for (const p of prediction.pCorrect) {
    expect(p).toBeGreaterThanOrEqual(0);
    expect(p).toBeLessThanOrEqual(1);
  }
  expect(prediction.decisionScore.every(Number.isFinite)).toBe(true);
  expect(prediction.familiarity).toBeGreaterThanOrEqual(0);
  expect(prediction.familiarity).toBeLessThanOrEqual(1);
}

describe.each(kinds)("fitRouter %s", (kind) => {
  const whole = syntheticDataset({ prompts: 600 });
  const indices = (part: (i: number) => boolean) =>
    Int32Array.from({ length: whole.ids.length }, (_, i) => i).filter(part);
  const train = takePrompts(
    whole,
    indices((i) => i < 400),
  );
  const test = takePrompts(
    whole,
    indices((i) => i >= 400),
  );

  it("routes held-out prompts better than any single model", async () => {
    const predictor = await fitAndLoad(train, kind);
    const singles = new Float64Array(test.models.length);
    let routed = 0;
    test.ids.forEach((_, i) => {
      const { decisionScore } = predictor.predict(row(test.embeddings, i));
      const outcomes = row(test.outcomes, i);
      routed += outcomes[decisionScore.indexOf(Math.max(...decisionScore))];
      outcomes.forEach((outcome, m) => {
        singles[m] = singles[m] + outcome;
      });
    });
    expect(routed).toBeGreaterThan(Math.max(...singles));
  });

  it("names the task that a prompt is from as the nearest", async () => {
    const predictor = await fitAndLoad(train, kind);
    const right = test.ids.filter((_, i) => {
      const [nearest] = predictor.predict(row(test.embeddings, i)).nearestTasks;
      return nearest?.task === test.tasks[test.taskOf[i]];
    });
    expect(right.length / test.ids.length).toBeGreaterThan(0.95);
  });

  it("gives equal bytes for equal input", async () => {
    expect(await fitBundle(train, kind)).toEqual(await fitBundle(train, kind));
  });

  const outcomesOf = (dataset: Dataset, change: (value: number, k: number) => number): Dataset => ({
    ...dataset,
    outcomes: matrix(dataset.outcomes.rows, dataset.outcomes.columns, dataset.outcomes.data.map(change)),
  });

  it.each([
    ["one task", syntheticDataset({ tasks: 1 })],
    ["one model", syntheticDataset({ models: 1 })],
    ["all outcomes equal", outcomesOf(syntheticDataset(), () => 1)],
    [
      "a model without outcomes",
      outcomesOf(syntheticDataset(), (value, k) => (k % 3 === 1 ? Number.NaN : value)),
    ],
    [
      "a task with one prompt",
      { ...syntheticDataset(), tasks: ["a", "b"], taskOf: new Int32Array(240).fill(1, 1) },
    ],
    [
      "identical prompts",
      { ...syntheticDataset(), embeddings: matrix(240, 16, new Float32Array(240 * 16).fill(0.25)) },
    ],
    [
      "outcomes missing at random",
      outcomesOf(syntheticDataset(), (value, k) => (k % 7 < 3 ? Number.NaN : value)),
    ],
    ["eight prompts", syntheticDataset({ prompts: 8 })],
  ])("makes something sensible of %s", async (_, dataset) => {
    expectSensible(await fitAndLoad(dataset, kind), dataset);
  });

  it("says what is missing", async () => {
    const few = await fitRouter(syntheticDataset({ prompts: 5 }), syntheticEncoder, {
      kind,
      seed: 0,
    });
    expect(few).toMatchObject({ ok: false, failure: { code: "too_few_prompts" } });
    const catalogue = { formatVersion: 1, pricesAsOf: "2025-06-30", providers: {}, models: {} } as const;
    const none = await fitRouter(syntheticDataset(), syntheticEncoder, {
      kind,
      seed: 0,
      catalogue,
    });
    expect(none).toMatchObject({ ok: false, failure: { code: "no_models" } });
  });
});
