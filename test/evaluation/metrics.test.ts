import { describe, expect, it } from "vitest";
import { meanModelAuc, pooledAuc } from "../../src/evaluation/metrics/auc.ts";
import { prepareBootstrap } from "../../src/evaluation/metrics/bootstrap.ts";
import { measureCalibration } from "../../src/evaluation/metrics/calibration.ts";
import { measureCalls, traceCalls } from "../../src/evaluation/metrics/call-curve.ts";
import { measureCosts, mixtureQuality, traceCosts } from "../../src/evaluation/metrics/cost-curve.ts";
import { shuffledScore } from "../../src/evaluation/metrics/shuffled.ts";
import { type Matrix, matrix } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { chooseObserved, yieldOf } from "../../src/training/choose-observed.ts";

const random = seededRandom(5);

function drawMatrix(rows: number, columns: number, draw: () => number): Matrix {
  return matrix(rows, columns, Float32Array.from({ length: rows * columns }, draw));
}

describe("choice among known results", () => {
  it("never chooses a model without a result, and shares ties evenly", () => {
    const scores = matrix(3, 3, Float32Array.of(9, 1, 1, 5, 5, 0, Number.NaN, 2, 1));
    const outcomes = matrix(3, 3, Float32Array.of(Number.NaN, 1, 0, 1, 0, 0, 1, 0, 1));
    const shares = chooseObserved(scores, outcomes);
    expect([...shares.data]).toEqual([0, 0.5, 0.5, 0.5, 0.5, 0, 0, 1, 0]);
    expect([...yieldOf(shares, outcomes)]).toEqual([0.5, 0.5, 0]);
  });

  it("falls back to a fair draw where every score is NaN", () => {
    const shares = chooseObserved(matrix(1, 2, Float32Array.of(Number.NaN, Number.NaN)), matrix(1, 2));
    expect([...shares.data]).toEqual([0.5, 0.5]);
  });
});

describe("area under the ROC curve", () => {
  it("is the share of right-wrong pairs in the right order", () => {
    const p = drawMatrix(40, 3, () => Math.round(random() * 8) / 8);
    const y = drawMatrix(40, 3, () => (random() < 0.2 ? Number.NaN : Number(random() < 0.4)));
    let [pairs, wins] = [0, 0];
    for (let a = 0; a < y.data.length; a++) {
      for (let b = 0; b < y.data.length; b++) {
        if (y.data[a] !== 1 || y.data[b] !== 0) continue;
        const [x, z] = [p.data[a], p.data[b]];
        pairs++;
        wins += x > z ? 1 : x === z ? 0.5 : 0;
      }
    }
    expect(pooledAuc(p, y)).toBeCloseTo(wins / pairs, 10);
  });

  it("within models does not reward knowing which model is better", () => {
    const p = matrix(4, 2, Float32Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1));
    const y = matrix(4, 2, Float32Array.of(1, 0, 1, 0, 1, 0, 0, 1));
    expect(pooledAuc(p, y)).toBeGreaterThan(0.7);
    expect(meanModelAuc(p, y)).toBe(0.5);
  });

  it("is NaN where all answers are right", () => {
    expect(pooledAuc(matrix(2, 2), matrix(2, 2, new Float32Array(4).fill(1)))).toBeNaN();
  });
});

describe("calibration", () => {
  it("is perfect for the true probabilities of soft scores", () => {
    const y = drawMatrix(200, 2, random);
    expect(measureCalibration(y, y)).toMatchObject({ brier: 0, ece: 0, accuracy: 1 });
  });

  it("measures a constant overconfidence", () => {
    const y = matrix(4, 1, Float32Array.of(1, 0, 1, 0));
    const { brier, ece, reliability } = measureCalibration(matrix(4, 1, new Float32Array(4).fill(0.75)), y);
    expect(brier).toBeCloseTo((0.0625 + 0.5625) / 2);
    expect(ece).toBeCloseTo(0.25);
    expect(reliability).toEqual([{ predicted: 0.75, observed: 0.5, count: 4 }]);
  });
});

describe("bootstrap", () => {
  it("has about the width of the normal interval", () => {
    const values = Float64Array.from({ length: 2000 }, () => Number(random() < 0.5));
    const [low, high] = prepareBootstrap(Int32Array.from(values.keys()), 1).interval95(values);
    expect(high - low).toBeGreaterThan(0.038);
    expect(high - low).toBeLessThan(0.05);
  });

  it("is wider over groups whose members agree", () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => Number(i % 100 < 50));
    const byPrompt = prepareBootstrap(Int32Array.from(values.keys()), 1).interval95(values);
    const byGroup = prepareBootstrap(
      Int32Array.from(values, (_, i) => 7 * (i % 100)),
      1,
    ).interval95(values);
    expect(byGroup[1] - byGroup[0]).toBeGreaterThan(3 * (byPrompt[1] - byPrompt[0]));
  });
});

describe("RouteLLM's measures", () => {
  const strong = Float64Array.of(1, 1, 1, 0);
  const weak = Float64Array.of(0, 1, 0, 0);

  it("give one half to a router that knows nothing", () => {
    expect(measureCalls(traceCalls(new Float64Array(4), strong, weak))).toEqual({
      apgr: 0.5,
      cpt50: 0.5,
      cpt80: 0.8,
    });
  });

  it("reach the whole gap with the calls that need the strong model", () => {
    const { apgr, cpt50, cpt80 } = measureCalls(traceCalls(Float64Array.of(3, 1, 2, 0), strong, weak));
    expect([apgr, cpt50, cpt80]).toEqual([0.75, 0.25, 0.4]);
  });

  it("do not depend on the order of prompts", () => {
    const preference = Float64Array.from({ length: 60 }, () => Math.round(4 * random()));
    const [good, bad] = [0.8, 0.4].map((p) => preference.map(() => Number(random() < p))) as [
      Float64Array,
      Float64Array,
    ];
    const order = permutation(60, random);
    const shuffle = (values: Float64Array) => Float64Array.from(order, (i) => values[i]);
    const before = measureCalls(traceCalls(preference, good, bad));
    const after = measureCalls(traceCalls(shuffle(preference), shuffle(good), shuffle(bad)));
    expect(after.apgr).toBeCloseTo(before.apgr, 12);
    expect(after.cpt80).toBeCloseTo(before.cpt80, 12);
  });
});

describe("cost", () => {
  const singles = [
    { model: "cheap", meanUsd: 1, quality: 0.4 },
    { model: "poor", meanUsd: 2, quality: 0.3 },
    { model: "dear", meanUsd: 5, quality: 0.8 },
  ];

  it("mixes the best pair of models for a price", () => {
    expect(mixtureQuality(singles, 3)).toBeCloseTo(0.6);
    expect(mixtureQuality(singles, 9)).toBe(0.8);
    expect(mixtureQuality(singles, 0.5)).toBeNaN();
  });

  it("an omniscient router saves what the cheap model can answer", () => {
    const outcomes = matrix(4, 2, Float32Array.of(1, 1, 1, 1, 0, 1, 0, 0));
    const usd = matrix(4, 2, Float32Array.of(1, 5, 1, 5, 1, 5, 1, 5));
    const curve = traceCosts(outcomes, usd, usd, outcomes);
    const [cheap, dear] = [
      { model: "cheap", meanUsd: 1, quality: 0.5 },
      { model: "dear", meanUsd: 5, quality: 0.75 },
    ] as const;
    const measures = measureCosts(curve, [cheap, dear], dear);
    expect(curve[0]).toMatchObject({ meanUsd: 1, quality: 0.5 });
    expect(measures.savingAtParity).toBeCloseTo(1 - 2 / 5);
    expect(measures.qualityAtBestSingleUsd).toBe(0.75);
    expect(measures.worstAgainstMixture).toBe(0);
    expect(measures.area).toBeGreaterThan(measures.mixtureArea);
  });

  it("the shuffled control is the mean over shuffles", () => {
    const outcomes = drawMatrix(50, 3, () => Number(random() < 0.5));
    const shares = chooseObserved(drawMatrix(50, 3, random), outcomes);
    let sum = 0;
    for (let round = 0; round < 4000; round++) {
      const order = permutation(50, random);
      const dealt = matrix(50, 3);
      for (let i = 0; i < 50; i++)
        dealt.data.set(shares.data.subarray(3 * order[i], 3 * order[i] + 3), 3 * i);
      sum += yieldOf(dealt, outcomes).reduce((total, value) => total + value, 0) / 50;
    }
    expect(shuffledScore(shares, outcomes)).toBeCloseTo(sum / 4000, 2);
  });
});
