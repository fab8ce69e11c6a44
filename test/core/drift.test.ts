import { expect, test } from "vitest";
import { type DayMean, driftOf } from "../../src/core/drift.ts";
import { normal, seededRandom } from "../../src/numerics/random.ts";

const random = seededRandom(3);

/** A day of scores that are 0 or 1, whose share of 1 differs from day to day by that much. */
function day(count: number, mean: number, spread = 0): DayMean {
  const share = Math.min(1, Math.max(0, mean + spread * normal(random)));
  const right = Array.from({ length: count }, () => Number(random() < share)).reduce((a, b) => a + b, 0);
  return { count, mean: right / count, square: right / count };
}

const month = (days: number, count: number, spread: number) =>
  Array.from({ length: days }, () => day(count, 0.7, spread));

test.each([
  [30, 400, 400, 0.03],
  [14, 400, 60, 0.03],
  [30, 30, 400, 0],
])(
  "%d days of %d grades: one of %d like them is drift in 5 cases of 600 at most",
  (days, count, last, spread) => {
    const alarms = Array.from({ length: 600 }, () =>
      driftOf("score", day(last, 0.7, spread), month(days, count, spread)),
    ).filter((drift) => drift !== undefined);
    expect(alarms.length).toBeLessThanOrEqual(5);
  },
);

test("a day that is worse is found, with the band that it left", () => {
  const drift = driftOf("score", day(400, 0.45), month(30, 400, 0.03));
  expect(drift).toMatchObject({ metric: "score", days: 30 });
  expect(drift?.value).toBeLessThan(drift?.low ?? 0);
});

test("too little is no drift: few grades, few days, a change that is no news", () => {
  expect(driftOf("score", day(19, 0), month(30, 400, 0))).toBeUndefined();
  expect(driftOf("score", undefined, month(30, 400, 0))).toBeUndefined();
  expect(driftOf("score", day(400, 0), month(13, 400, 0))).toBeUndefined();
  const same = { count: 1e6, mean: 0.001, square: 1e-6 };
  const days = Array.from({ length: 30 }, () => same);
  expect(driftOf("cost", { ...same, mean: 0.00109, square: 0.00109 ** 2 }, days)).toBeUndefined();
  expect(driftOf("cost", { ...same, mean: 0.00112, square: 0.00112 ** 2 }, days)).toBeDefined();
});
