import { describe, expect, it } from "vitest";
import { meanOutcomesOf, nearestNeighbors } from "../../src/core/math/knn.ts";
import { dequantizeRows, quantizeRows } from "../../src/core/math/quantize.ts";
import { seededRandom } from "../../src/numerics/random.ts";

const dimension = 16;
const random = seededRandom(3);
const vectors = (count: number) => {
  const values = Float32Array.from({ length: count * dimension }, () => random() - 0.5);
  for (let i = 0; i < count; i++) {
    const part = values.subarray(i * dimension, (i + 1) * dimension);
    const norm = Math.hypot(...part);
    part.forEach((value, j) => {
      part[j] = value / norm;
    });
  }
  return values;
};

describe("nearestNeighbors", () => {
  it("equals a full sort, for any count", () => {
    const rows = quantizeRows(vectors(300), dimension);
    const exact = dequantizeRows(rows);
    const query = vectors(1);
    const cosines = Array.from({ length: 300 }, (_, i) =>
      exact.subarray(i * dimension, (i + 1) * dimension).reduce((sum, value, j) => sum + value * query[j], 0),
    );
    const sorted = cosines.map((cosine, index) => ({ cosine, index })).sort((a, b) => b.cosine - a.cosine);
    for (const count of [1, 5, 50, 300, 400]) {
      const found = nearestNeighbors(rows, query, count);
      expect(found.map(({ index }) => index)).toEqual(sorted.slice(0, count).map(({ index }) => index));
      expect(found[0]?.cosine).toBeCloseTo(sorted[0]?.cosine ?? Number.NaN, 5);
    }
  });

  it("keeps file order among identical prompts", () => {
    const one = vectors(1);
    const rows = quantizeRows(Float32Array.from([...one, ...one, ...one]), dimension);
    expect(nearestNeighbors(rows, one, 2).map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe("meanOutcomesOf", () => {
  it("averages what is there and falls back to the prior", () => {
    const outcomes = Uint8Array.of(254, 255, 0, 255, 127, 255);
    const neighbors = [0, 1, 2].map((index) => ({ index, cosine: 1 }));
    const means = meanOutcomesOf(
      { embeddings: quantizeRows(vectors(3), dimension), outcomes, models: 2 },
      neighbors,
      [0.1, 0.2],
    );
    expect(means[0]).toBeCloseTo((1 + 0 + 0.5) / 3, 10);
    expect(means[1]).toBe(0.2);
  });
});
