import { mkdtempSync, readdirSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateCurve } from "../../src/core/math/curve.ts";
import type { LocalEncoder } from "../../src/embedding/embed-texts.ts";
import { openEmbeddingCache } from "../../src/embedding/embedding-cache.ts";
import { multiply } from "../../src/numerics/blas.ts";
import { sphericalKMeans } from "../../src/numerics/kmeans.ts";
import { matrix, row } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { fitCalibration } from "../../src/training/landmark-heads/calibrate.ts";
import { fitAdditive } from "../../src/training/landmark-heads/difficulty.ts";
import { fitResponse, respond } from "../../src/training/landmark-heads/response.ts";
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
    const curve = fitCalibration(predicted, outcomes);
    for (let x = -0.4; x < 0.4; x += 0.1)
      expect(Math.abs(evaluateCurve(curve, x) - truth(x))).toBeLessThan(0.04);
    const values = Array.from({ length: 100 }, (_, k) => evaluateCurve(curve, -1 + k / 50));
    for (let k = 1; k < 100; k++) expect(values[k]).toBeGreaterThanOrEqual(values[k - 1]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
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

describe("fitResponse", () => {
  const ease = Array.from({ length: 400 }, (_, i) => i / 400);
  // The second model gains on hard prompts what it loses on easy ones; the third has no outcomes.
  const deviations = matrix(
    400,
    3,
    Float32Array.from(ease.flatMap((e) => [0.3 * (e - 0.5), 0.3 * (0.5 - e), 0])),
  );
  const everyPrompt = ease.map((_, i) => i);

  it("finds which model strays where prompts are hard", () => {
    const response = fitResponse(ease, deviations, everyPrompt);
    for (const at of [0.1, 0.25, 0.5, 0.8]) {
      const [first, second, third] = respond(response, at);
      expect(first).toBeCloseTo(0.3 * (at - 0.5), 2);
      expect(second).toBeCloseTo(0.3 * (0.5 - at), 2);
      expect(third).toBe(0);
    }
  });

  it("learns from the named prompts alone, in whatever order", () => {
    const hard = everyPrompt.filter((i) => i < 200);
    expect(fitResponse(ease, deviations, hard.toReversed())).toEqual(fitResponse(ease, deviations, hard));
    // Beyond what was seen, the curve stays where it ends.
    expect(respond(fitResponse(ease, deviations, hard), 0.9)[0]).toBeCloseTo(0.3 * (0.47 - 0.25), 2);
  });

  it("is finite for one prompt", () => {
    expect(Array.from(respond(fitResponse([0.4], matrix(1, 2), [0]), 0.7))).toEqual([0, 0]);
  });
});
