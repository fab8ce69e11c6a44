import { describe, expect, it } from "vitest";
import { featuresOf, taskMemberships } from "../../src/core/math/features.ts";
import { applyHead } from "../../src/core/math/linear-head.ts";
import { seededRandom } from "../../src/numerics/random.ts";

const random = seededRandom(4);
const values = (count: number) => Float32Array.from({ length: count }, () => random() - 0.5);

describe("features", () => {
  it("are the kernels of the landmarks, then the squared and normalized task scores", () => {
    const dimension = 8;
    const [landmarks, embedding] = [values(5 * dimension), values(dimension)];
    const taskHead = { weights: values(3 * 6), outputs: 3 };
    const { values: features, memberships } = featuresOf(
      { landmarks, dimension, gamma: 3, taskHead },
      embedding,
    );
    const kernels = Array.from({ length: 5 }, (_, j) => {
      const cosine = embedding.reduce((sum, value, k) => sum + value * landmarks[j * dimension + k], 0);
      return Math.exp(3 * (cosine - 1));
    });
    const scores = Array.from({ length: 3 }, (_, d) => {
      const row = taskHead.weights.subarray(d * 6, (d + 1) * 6);
      return kernels.reduce((sum, kernel, j) => sum + kernel * row[j], row[5]);
    });
    const squares = scores.map((score) => Math.max(score, 1e-3) ** 2);
    const total = squares.reduce((sum, square) => sum + square, 0);
    const expected = [...kernels, ...squares.map((square) => square / total)];
    expect(features).toHaveLength(8);
    for (let k = 0; k < 8; k++) expect(features[k]).toBeCloseTo(expected[k], 6);
    expect([...memberships]).toEqual([...features.subarray(5)]);
  });

  it("give memberships that sum to 1, also where no task fits", () => {
    for (const scores of [[0.2, 0.9], [-1, -0.5], [0]]) {
      expect(taskMemberships(scores).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    }
    expect([...taskMemberships([-1, -0.5])]).toEqual([0.5, 0.5]);
  });
});

describe("applyHead", () => {
  it("is weights times features plus intercept", () => {
    const head = { weights: Float32Array.of(1, 2, 10, -1, 0, 0.5), outputs: 2 };
    expect([...applyHead(head, Float64Array.of(3, 4))]).toEqual([21, -2.5]);
  });
});
