import { expect, test } from "vitest";
import { posteriorOf } from "../../src/core/math/posterior.ts";
import { seededRandom } from "../../src/numerics/random.ts";

const prior = { means: Float64Array.of(0.5, 0), variances: Float64Array.of(4, 1) };

// All tolerances: these are a few dozen operations on numbers near 1 in double precision.
const DIGITS = 10;

test("without observations, nothing moves", () => {
  const { means, varianceOf } = posteriorOf(prior, []);
  expect([...means]).toEqual([0.5, 0]);
  expect(varianceOf(Float64Array.of(1, 2))).toBeCloseTo(4 + 4, DIGITS);
});

test("one weight is the precision-weighted mean of prior and observations", () => {
  const one = { means: Float64Array.of(0.2), variances: Float64Array.of(0.5) };
  const { means, varianceOf } = posteriorOf(one, [
    { row: Float64Array.of(1), target: 1, variance: 0.25 },
    { row: Float64Array.of(1), target: 0.6, variance: 1 },
  ]);
  const precision = 2 + 4 + 1;
  expect(means[0]).toBeCloseTo((2 * 0.2 + 4 * 1 + 0.6) / precision, DIGITS);
  expect(varianceOf(Float64Array.of(1))).toBeCloseTo(1 / precision, DIGITS);
});

test("observations in any order, or one at a time, say the same", () => {
  const random = seededRandom(1);
  const observations = Array.from({ length: 6 }, () => ({
    row: Float64Array.of(random(), random()),
    target: random(),
    variance: 0.1 + random(),
  }));
  const all = posteriorOf(prior, observations);
  const turned = posteriorOf(prior, observations.toReversed());
  // Solved by hand as the 2 x 2 system that it is.
  let [a, b, d, p, q] = [1 / 4, 0, 1, 0.5 / 4, 0];
  for (const { row, target, variance } of observations) {
    const [x, y] = row as unknown as [number, number];
    a += (x * x) / variance;
    b += (x * y) / variance;
    d += (y * y) / variance;
    p += (x * target) / variance;
    q += (y * target) / variance;
  }
  const determinant = a * d - b * b;
  const expected = [(d * p - b * q) / determinant, (a * q - b * p) / determinant];
  expected.forEach((value, j) => {
    expect(all.means[j]).toBeCloseTo(value, DIGITS);
    expect(turned.means[j]).toBeCloseTo(value, DIGITS);
  });
  expect(all.varianceOf(Float64Array.of(1, 0))).toBeCloseTo(d / determinant, DIGITS);
});

test("a weight without prior variance stays, and the others explain all", () => {
  const fixed = { means: Float64Array.of(1, 0), variances: Float64Array.of(0, 100) };
  const { means } = posteriorOf(fixed, [{ row: Float64Array.of(1, 1), target: 3, variance: 1e-6 }]);
  expect(means[0]).toBe(1);
  expect(means[1]).toBeCloseTo(2, 5);
});
