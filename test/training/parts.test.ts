import { mkdtempSync, readdirSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateCurve } from "../../src/core/math/curve.ts";
import type { LocalEncoder } from "../../src/embedding/embed-texts.ts";
import { openEmbeddingCache } from "../../src/embedding/embedding-cache.ts";
import { multiply } from "../../src/numerics/blas.ts";
import { sphericalKMeans } from "../../src/numerics/kmeans.ts";
import { fitLogistic } from "../../src/numerics/logistic.ts";
import { columnMeans, matrix, row } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { solveRidge } from "../../src/numerics/ridge-solver.ts";
import { fitPriors } from "../../src/training/landmark-heads/ability.ts";
import { fitCalibration } from "../../src/training/landmark-heads/calibrate.ts";
import { fitAdditive } from "../../src/training/landmark-heads/difficulty.ts";
import { groupsToLeaveOut } from "../../src/training/landmark-heads/groups.ts";
import { fitTrust } from "../../src/training/landmark-heads/trust.ts";
import { fitSpendCurve } from "../../src/training/spend.ts";
import { suggestPrompts } from "../../src/training/suggest-prompts.ts";
import { syntheticDataset } from "./synthetic.ts";

const random = seededRandom(5);
const randomMatrix = (rows: number, columns: number) =>
  matrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => random() - 0.5),
  );

describe("multiply", () => {
  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("equals three loops, transposed %s and %s", async (transposeA, transposeB) => {
    const a = transposeA ? randomMatrix(7, 5) : randomMatrix(5, 7);
    const b = transposeB ? randomMatrix(3, 7) : randomMatrix(7, 3);
    const product = await multiply(a, b, { transposeA, transposeB });
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let k = 0; k < 7; k++) {
          const left = a.data[transposeA ? k * 5 + i : i * 7 + k];
          sum += left * b.data[transposeB ? j * 7 + k : k * 3 + j];
        }
        expect(product.data[i * 3 + j]).toBeCloseTo(sum, 5);
      }
    }
  });
});

describe("sphericalKMeans", () => {
  it("finds clusters that lie apart, as unit vectors, the same for the same seed", async () => {
    const { embeddings, taskOf } = syntheticDataset();
    const { centers, sizes } = await sphericalKMeans(embeddings, 12, 7);
    for (let c = 0; c < 12; c++) expect(Math.hypot(...row(centers, c))).toBeCloseTo(1, 5);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(taskOf.length);
    const again = await sphericalKMeans(embeddings, 12, 7);
    expect(again.centers.data).toEqual(centers.data);
  });
});

describe("fitAdditive", () => {
  it("recovers abilities from models that saw different, differently hard prompts", () => {
    const abilities = [0.2, 0, -0.2];
    const outcomes = matrix(300, 3);
    for (let i = 0; i < 300; i++) {
      const ease = i < 150 ? 0.7 : 0.3;
      // The strong model saw mostly the hard half, so its plain mean is the lowest but one.
      const seen = [i >= 140, true, i < 160];
      for (let m = 0; m < 3; m++) outcomes.data[i * 3 + m] = seen[m] ? ease + abilities[m] : Number.NaN;
    }
    const { ability } = fitAdditive(outcomes);
    ability.forEach((value, m) => {
      expect(value).toBeCloseTo(abilities[m], 2);
    });
  });
});

describe("fitCalibration", () => {
  it("undoes a distortion, rises, and never claims certainty", () => {
    const predicted = randomMatrix(20000, 1);
    const truth = (x: number) => Math.min(Math.max(0.5 + x, 0), 1) ** 2;
    const outcomes = matrix(
      20000,
      1,
      predicted.data.map((x) => Number(random() < truth(x))),
    );
    const trust = new Float64Array(20000).fill(1);
    const curve = fitCalibration(predicted, outcomes, { trust, fallback: matrix(20000, 1) });
    for (let x = -0.4; x < 0.4; x += 0.1)
      expect(Math.abs(evaluateCurve(curve, x) - truth(x))).toBeLessThan(0.04);
    const values = Array.from({ length: 100 }, (_, k) => evaluateCurve(curve, -1 + k / 50));
    for (let k = 1; k < 100; k++) expect(values[k]).toBeGreaterThanOrEqual(values[k - 1]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
  });

  it("makes right what is told: the blend with what holds for any prompt", () => {
    const predicted = matrix(40000, 1, Float32Array.from({ length: 40000 }, random));
    const outcomes = matrix(
      40000,
      1,
      predicted.data.map((p) => Number(random() < p)),
    );
    // Half of each prompt's probability is taken from a fallback that is half the truth.
    const trust = new Float64Array(40000).fill(0.5);
    const fallback = matrix(
      40000,
      1,
      predicted.data.map((p) => p / 2),
    );
    const curve = fitCalibration(predicted, outcomes, { trust, fallback });
    // Bins of 2,000 outcomes: a standard error of .011 each, doubled by the share of a half; halved again in the blend.
    for (let p = 0.1; p < 0.6; p += 0.1)
      expect(Math.abs(p / 4 + evaluateCurve(curve, p) / 2 - p)).toBeLessThan(0.04);
  });
});

describe("fitSpendCurve", () => {
  it("means what it says: at the lambda of a share, that share of the way is spent", () => {
    const prompts = 2000;
    const decisionScores = matrix(prompts, 2);
    const usd = matrix(prompts, 2);
    for (let i = 0; i < prompts; i++) {
      decisionScores.data.set([0.5, 0.5 + random() * 0.5], i * 2);
      usd.data.set([0.001, 0.011], i * 2);
    }
    const curve = fitSpendCurve({ decisionScores, usd, bestSingle: 1 });
    if (curve === undefined) throw new Error("no curve");
    for (const share of [0.3, 0.5, 0.7]) {
      const lambda = Math.exp(evaluateCurve(curve, share));
      let strong = 0;
      for (let i = 0; i < prompts; i++) {
        strong += Number(decisionScores.data[i * 2 + 1] - 0.5 > 0.01 / lambda);
      }
      expect(strong / prompts).toBeCloseTo(share, 1);
    }
  });

  it("is absent where the best model is the cheapest", () => {
    expect(fitSpendCurve({ decisionScores: matrix(1, 2), usd: matrix(1, 2), bestSingle: 0 })).toBeUndefined();
  });
});

describe("suggestPrompts", () => {
  it("takes directions that are not covered yet before more of the same", () => {
    const features = matrix(5, 2, Float32Array.of(10, 0, 9, 0, 8, 0, 0, 2, 0.1, 0.1));
    expect(suggestPrompts(features, 3)).toEqual([0, 3, 1]);
    expect(suggestPrompts(features, 9)).toHaveLength(5);
  });
});

describe("embedding cache", () => {
  it("keeps what was put, also after a record was cut off, and nothing of another encoder or arithmetic", () => {
    const directory = mkdtempSync(join(tmpdir(), "signalbox-cache-"));
    const open = (checksum = "a".repeat(64), arithmetic: LocalEncoder["arithmetic"] = "portable") =>
      openEmbeddingCache(directory, { checksum, arithmetic, dimension: 3 });
    open().put([
      { text: "one", embedding: Float32Array.of(1, 2, 3) },
      { text: "two", embedding: Float32Array.of(4, 5, 6) },
    ]);
    const [file] = readdirSync(directory);
    truncateSync(join(directory, file as string), 28 + 10);
    const cache = open();
    expect(cache.get("one")).toEqual(Float32Array.of(1, 2, 3));
    expect(cache.get("two")).toBeUndefined();
    cache.put([{ text: "two", embedding: Float32Array.of(7, 8, 9) }]);
    expect(open().get("two")).toEqual(Float32Array.of(7, 8, 9));
    expect(open("b".repeat(64)).get("one")).toBeUndefined();
    expect(open("a".repeat(64), "native").get("one")).toBeUndefined();
  });
});

describe("permutation", () => {
  it("holds every number once and depends on the seed alone", () => {
    const order = permutation(1000, seededRandom(3));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(permutation(1000, seededRandom(3))).toEqual(order);
    expect(permutation(1000, seededRandom(4))).not.toEqual(order);
  });
});

describe("fitPriors", () => {
  const probabilities = [0.2, 0.5, 0.8];
  /** [prompts, models]: a large easy suite that the first two ran, a small hard one that the last two ran. */
  const outcomes = matrix(1060, 3, new Float32Array(3180).fill(Number.NaN));
  const taskOf = Int32Array.from({ length: 1060 }, (_, i) => (i < 1000 ? 0 : 1));
  taskOf.forEach((task, i) => {
    const ran = task === 0 ? [0, 1] : [1, 2];
    // Exact shares rather than luck: every tenth prompt of ten is right as often as it should be.
    for (const m of ran) {
      const odds = (probabilities[m] / (1 - probabilities[m])) * (task === 0 ? 3 : 1 / 3);
      outcomes.data[i * 3 + m] = odds / (1 + odds);
    }
  });

  it("compares models that ran suites of unlike size and difficulty, as shares", () => {
    const priors = fitPriors({ outcomes, taskOf, tasks: ["easy/a", "hard/b"] });
    for (const [m, prior] of priors.entries()) {
      expect(prior, String(m)).toBeGreaterThan(0);
      expect(prior, String(m)).toBeLessThan(1);
    }
    // The third has a lower plain mean (.57 against .75 of the second on the easy suite) and is the best.
    expect(priors[2]).toBeGreaterThan(priors[1]);
    expect(priors[1]).toBeGreaterThan(priors[0]);
  });

  it("orders models that ran the same prompts of one suite by their mean scores", () => {
    const { outcomes: full, taskOf: tasksOf, tasks } = syntheticDataset({ models: 5, prompts: 400 });
    const means = columnMeans(full);
    const priors = fitPriors({ outcomes: full, taskOf: tasksOf, tasks });
    const order = (values: Float64Array) => [...values.keys()].sort((a, b) => values[a] - values[b]);
    expect(order(priors)).toEqual(order(means));
  });

  it("takes a model without outcomes for an average one", () => {
    const alone = { ...syntheticDataset({ models: 2 }), outcomes: matrix(240, 3) };
    const full = syntheticDataset({ models: 2 }).outcomes;
    for (let i = 0; i < 240; i++)
      alone.outcomes.data.set([full.data[i * 2], full.data[i * 2 + 1], Number.NaN], i * 3);
    const [a, b, c] = fitPriors(alone);
    expect(c).toBeGreaterThan(Math.min(a, b) - 0.02);
    expect(c).toBeLessThan(Math.max(a, b) + 0.02);
  });
});

describe("fitLogistic", () => {
  it("recovers the weights that made the targets", () => {
    const count = 500;
    const features = Float64Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? 1 : random()));
    // The targets are the probabilities themselves, so that the fit is exact but for the small penalty.
    const targets = Float64Array.from(
      { length: count },
      (_, i) => 1 / (1 + Math.exp(-(0.3 - 2 * features[2 * i + 1]))),
    );
    const { coefficients } = fitLogistic(
      { features, targets, weights: new Float64Array(count).fill(1 / count) },
      2,
    );
    expect(coefficients[0]).toBeCloseTo(0.3, 2);
    expect(coefficients[1]).toBeCloseTo(-2, 1);
  });
});

describe("solveRidge", () => {
  it("solves the penalized normal equations and leaves the constant alone", async () => {
    const features = randomMatrix(40, 4);
    for (let i = 0; i < 40; i++) features.data[i * 4 + 3] = 1;
    const gram = (await multiply(features, features, { transposeA: true })).data;
    const products = await multiply(features, randomMatrix(40, 3), { transposeA: true });
    const weights = solveRidge(Float64Array.from(gram), products, 2);
    for (let i = 0; i < 4; i++) {
      for (let c = 0; c < 3; c++) {
        let sum = i < 3 ? 2 * weights.data[i * 3 + c] : 0;
        for (let j = 0; j < 4; j++) sum += gram[i * 4 + j] * weights.data[j * 3 + c];
        expect(sum).toBeCloseTo(products.data[i * 3 + c], 4); // weights are in single precision
      }
    }
  });
});

describe("fitTrust", () => {
  const random = seededRandom(11);
  const own = matrix(4000, 1, Float32Array.from({ length: 4000 }, random));
  const outcomes = matrix(
    4000,
    1,
    own.data.map((p) => Number(random() < p)),
  );
  const fallback = matrix(4000, 1, new Float32Array(4000).fill(0.5));
  const powerAt = (value: number, isTaught = true) => {
    const familiarity = new Float64Array(4000).fill(value);
    return fitTrust({ own, fallback, familiarity }, outcomes, isTaught).power;
  };

  it("falls as sharply as costs next to nothing on known tasks", () => {
    expect(powerAt(0.9999)).toBe(24);
    expect(powerAt(0.6)).toBeLessThan(8);
  });

  it("is familiarity itself where no suites were left out", () => {
    expect(powerAt(0.9999, false)).toBe(1);
  });
});

describe("groupsToLeaveOut", () => {
  it("takes suites where there are three, families of tasks otherwise", () => {
    const tasks = ["a/x@easy", "a/x@hard", "b/y", "c/z"];
    const { groupOf, count, areSuites } = groupsToLeaveOut({ tasks, taskOf: Int32Array.of(0, 1, 2, 3) }, 0);
    expect([count, areSuites]).toEqual([3, true]);
    expect(groupOf[0]).toBe(groupOf[1]);
    const single = ["x@easy", "x@hard", "y"];
    const families = groupsToLeaveOut({ tasks: single, taskOf: Int32Array.of(0, 1, 2) }, 0);
    expect([families.count, families.areSuites]).toEqual([2, false]);
    expect(families.groupOf[0]).toBe(families.groupOf[1]);
  });
});
