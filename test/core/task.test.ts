import { describe, expect, it } from "vitest";
import { type Prediction, type Predictor, shiftPrediction } from "../../src/core/predictor.ts";
import { recommendForTask, type TaskPrompt } from "../../src/core/task.ts";

const tables = [
  [0.9, 0.6],
  [0.8, 0.4],
  [0.3, 0.7],
];
const prediction = (row: readonly number[]): Prediction => ({
  pCorrect: Float64Array.from(row),
  decisionScore: Float64Array.from(row),
  outputTokens: Float64Array.of(1, 1),
  familiarity: 0.5,
  onAverage: false,
  nearestTasks: [],
});

/** Predicts the row of the table whose number is the embedding's first value. */
function tablePredictor(accuracies?: readonly number[], priors: readonly number[] = [0.5, 0.6]): Predictor {
  return {
    kind: "knn",
    models: ["a", "b"],
    tasks: ["t"],
    encoder: { id: "e", checksum: "c", dimension: 1 },
    priors,
    header: {},
    predict: ([index]) => prediction(tables[index as number] as number[]),
    lambdaUsdOfSpend: () => undefined,
    ...(accuracies === undefined
      ? {}
      : {
          reference: {
            distanceOf: () => 0.3,
            pairsOf: (m: number) => [{ distance: 0.3, accuracy: accuracies[m] }],
          },
        }),
  };
}

const prompts: readonly TaskPrompt[] = [0, 1, 2].map((index) => ({ embedding: Float32Array.of(index) }));
const never = () => {
  throw new Error("nothing is drawn here");
};

describe("recommendForTask", () => {
  it("gives S1, S2 and the posterior, and no S3 without reference pairs", () => {
    const { model, by, scores } = recommendForTask(tablePredictor(), prompts, never);
    expect([model, by]).toEqual(["a", "posterior"]);
    expect(scores[0]).toEqual({
      model: "a",
      s1: (0.9 + 0.8 + 0.3) / 3,
      s2: 2 / 3,
      posterior: 2 / 3,
      labels: 0,
    });
    expect(scores[1]).toMatchObject({ model: "b", s2: 2 / 3 });
  });

  it("counts labels against the prior", () => {
    const labelled = prompts.map((prompt) => ({ ...prompt, labels: { a: 0, b: 1 } }));
    const { model, scores, labelled: count } = recommendForTask(tablePredictor(), labelled, never);
    expect([model, count]).toEqual(["b", 3]);
    const [b, a] = scores;
    expect(a?.posterior).toBeCloseTo((20 * (2 / 3)) / 23, 10);
    expect(b?.posterior).toBeCloseTo((20 * (1.7 / 3) + 3) / 23, 10);
  });

  it("corrects S2 by how often verdicts are right", () => {
    const { scores } = recommendForTask(tablePredictor([0.9, 0.6]), prompts, () => 0.5);
    for (const { s2, s3, model } of scores) {
      const p = model === "a" ? 0.9 : 0.6;
      expect(s3).toBeCloseTo(s2 * p + (1 - s2) * (1 - p), 10);
    }
  });

  it("falls back to the best model on average where S3 is not surely better", () => {
    // Verdicts of both are as good as a coin: nothing tells them apart.
    const draws = [0.1, 0.9, 0.4, 0.6, 0.2, 0.8];
    let k = 0;
    const { model, by } = recommendForTask(tablePredictor([0.5, 0.5]), prompts, () => draws[k++ % 6]);
    expect([model, by]).toEqual(["b", "best_on_average"]);
  });
});

describe("shiftPrediction", () => {
  it("moves probabilities within [0, 1], and scores freely", () => {
    const shifted = shiftPrediction(prediction([0.9, 0.2]), [0.3, -0.4]);
    expect([...shifted.pCorrect]).toEqual([1, 0]);
    expect(shifted.decisionScore[0]).toBeCloseTo(1.2, 10);
    expect(shifted.byTaskProfile).toBe(true);
  });
});
