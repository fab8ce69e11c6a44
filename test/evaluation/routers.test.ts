import { describe, expect, it } from "vitest";
import { nearestPrompts } from "../../src/core/paper/nearest.ts";
import { meanOfNeighbors } from "../../src/evaluation/routers/knn.ts";
import { findNeighbors } from "../../src/evaluation/routers/neighbors.ts";
import { trainNetwork } from "../../src/evaluation/routers/network.ts";
import { routers } from "../../src/evaluation/routers/registry.ts";
import { matrix, row, takeColumns, takeRows } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { prepareRidge } from "../../src/numerics/ridge.ts";
import { takePrompts } from "../../src/training/dataset.ts";
import { syntheticDataset } from "./synthetic.ts";

const dataset = syntheticDataset({ prompts: 200 });
const all = Int32Array.from(dataset.ids.keys());
const train = takePrompts(
  dataset,
  all.filter((i) => i % 4 !== 0),
);
const test = takePrompts(
  dataset,
  all.filter((i) => i % 4 === 0),
);

describe("neighbor search", () => {
  it("equals brute force", async () => {
    const { indices, count } = await findNeighbors(test.embeddings, train, 7);
    const rows = train.ids.map((_, i) => row(train.embeddings, i));
    for (let i = 0; i < test.ids.length; i++) {
      const expected = nearestPrompts(rows, row(test.embeddings, i), 7).map(({ index }) => index);
      expect([...indices.subarray(i * count, (i + 1) * count)]).toEqual(expected);
    }
  });

  it("breaks ties by the text's key, not by the order of the file", async () => {
    const same = {
      ...train,
      embeddings: matrix(train.ids.length, 16, new Float32Array(train.ids.length * 16).fill(0.25)),
    };
    const order = permutation(train.ids.length, seededRandom(2));
    const keysOf = async (data: typeof same) => {
      const { indices } = await findNeighbors(takeRows(same.embeddings, [0]), data, 5);
      return Array.from(indices, (i) => data.textKeys[i]);
    };
    expect(await keysOf(takePrompts(same, order))).toEqual(await keysOf(same));
  });

  it("averages known outcomes only", () => {
    const outcomes = matrix(3, 2, Float32Array.of(1, Number.NaN, 0, Number.NaN, 1, 1));
    const neighbors = { count: 3, indices: Int32Array.of(0, 1, 2), cosines: new Float32Array(3) };
    expect([...meanOfNeighbors(neighbors, 2, outcomes, [0, 0.25]).data]).toEqual([0.5, 0.25]);
  });
});

describe("ridge", () => {
  it("predicts each sample as a fit without it would", async () => {
    const features = takeRows(takeColumns(dataset.embeddings, [0, 1, 2, 3, 4]), [...Array(25).keys()]);
    const targets = takeRows(dataset.outcomes, [...Array(25).keys()]);
    const { leaveOneOut } = await (await prepareRidge(features)).fitBest(targets, [0.3]);
    for (const left of [0, 7, 24]) {
      const rest = [...Array(25).keys()].filter((i) => i !== left);
      const refit = await (await prepareRidge(takeRows(features, rest))).fitBest(
        takeRows(targets, rest),
        [0.3],
      );
      for (let m = 0; m < 3; m++) {
        let expected = refit.intercepts[m];
        for (let j = 0; j < 5; j++) {
          expected += features.data[left * 5 + j] * refit.weights.data[j * 3 + m];
        }
        expect(leaveOneOut.data[left * 3 + m]).toBeCloseTo(expected, 4);
      }
    }
  });
});

describe("networks", () => {
  it("learn what a linear model cannot, with a hidden layer", async () => {
    const random = seededRandom(4);
    const inputs = matrix(
      1000,
      2,
      Float32Array.from({ length: 2000 }, () => 2 * random() - 1),
    );
    const targets = matrix(
      1000,
      1,
      Float32Array.from({ length: 1000 }, (_, i) => Number(inputs.data[2 * i] * inputs.data[2 * i + 1] > 0)),
    );
    const options = { activation: "relu", learningRate: 0.01, weightDecay: 0, mostEpochs: 60 } as const;
    const accuracy = async (hidden: readonly number[]) => {
      const p = await (await trainNetwork(inputs, targets, 0, { ...options, hidden }))(inputs);
      return p.data.reduce((sum, value, i) => sum + Number(value > 0.5 === targets.data[i] > 0.5), 0) / 1000;
    };
    expect(await accuracy([16, 16])).toBeGreaterThan(0.9);
    expect(await accuracy([])).toBeLessThan(0.7);
  });
});

describe.each(Object.entries(routers))("%s", (name, router) => {
  it("gives probabilities, the same for the same seed", async () => {
    const [first, second] = [await router.fit(train, 1), await router.fit(train, 1)];
    const { pCorrect, decisionScore } = await first.predict(test);
    expect(decisionScore).toMatchObject({ rows: test.ids.length, columns: 3 });
    expect(pCorrect?.data.every((p) => p >= -1e-6 && p <= 1 + 1e-6)).toBe(true);
    expect((await second.predict(test)).decisionScore.data).toEqual(decisionScore.data);
  });

  it("copes with missing outcomes and with a model that has none", async () => {
    const holes = train.outcomes.data.map((score, k) => (k % 3 === 2 || k % 7 === 0 ? Number.NaN : score));
    const sparse = { ...train, outcomes: { ...train.outcomes, data: holes } };
    const { decisionScore } = await (await router.fit(sparse, 0)).predict(test);
    for (let i = 0; i < decisionScore.rows; i++) {
      const [a, b] = row(decisionScore, i) as unknown as [number, number];
      expect(Number.isFinite(a) && Number.isFinite(b)).toBe(true);
    }
  });

  it.runIf(name !== "landmark-heads")("knows nothing where all outcomes are equal", async () => {
    const flat = {
      ...train,
      outcomes: matrix(train.ids.length, 3, new Float32Array(train.ids.length * 3).fill(0.5)),
    };
    const { pCorrect } = await (await router.fit(flat, 0)).predict(test);
    expect(pCorrect?.data.every((p) => Math.abs(p - 0.5) < 0.25)).toBe(true);
  });
});
