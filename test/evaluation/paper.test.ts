import { describe, expect, it } from "vitest";
import { gateChoice, prepareBinomial, probabilityOfBetter } from "../../src/core/paper/gate.ts";
import { jointPosterior } from "../../src/core/paper/joint-posterior.ts";
import { nearestPrompts } from "../../src/core/paper/nearest.ts";
import { posteriorMean, surprisedPosterior } from "../../src/core/paper/posterior.ts";
import { scoreS1, scoreS2, scoreS3, verdictAccuracy } from "../../src/core/paper/scores.ts";
import { taskDistance } from "../../src/core/paper/task-distance.ts";
import { smoothAccuracy } from "../../src/core/paper/verdict-accuracy.ts";
import { gatherEvidence } from "../../src/evaluation/task-level/evidence.ts";
import { billionParameters, evaluatePaper } from "../../src/evaluation/task-level/paper.ts";
import { prepareTasks } from "../../src/evaluation/task-level/task-data.ts";
import { row } from "../../src/numerics/matrix.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { syntheticDataset } from "./synthetic.ts";

describe("scores of a task", () => {
  const g = [0.2, 0.6, 0.8, 0.4];

  it("average probabilities, verdicts and corrected verdicts", () => {
    expect(scoreS1(g)).toBeCloseTo(0.5);
    expect(scoreS2(g)).toBe(0.5);
    expect(scoreS3(0.5, 0.9)).toBeCloseTo(0.5);
    expect(scoreS3(0.8, 1)).toBe(0.8);
    expect(scoreS3(0.8, 0.5)).toBeCloseTo(0.5);
  });

  it("measure how often verdicts are right, soft scores included", () => {
    expect(verdictAccuracy(g, [0, 1, 0.5, Number.NaN])).toBeCloseTo(2.5 / 3);
    expect(
      verdictAccuracy(
        g,
        g.map(() => Number.NaN),
      ),
    ).toBeNaN();
  });
});

describe("task distance", () => {
  it("is 0 among copies and 1 at right angles", () => {
    const [x, y] = [
      [1, 0],
      [0, 1],
    ];
    expect(taskDistance([x as number[]], [x as number[], x as number[]], 2)).toBe(0);
    expect(taskDistance([x as number[]], [y as number[]], 2)).toBe(1);
  });

  it("finds the nearest of all", () => {
    const rows = [
      [1, 0],
      [0.6, 0.8],
      [0, 1],
      [0.8, 0.6],
    ];
    expect(nearestPrompts(rows, [1, 0], 3).map(({ index }) => index)).toEqual([0, 3, 1]);
  });
});

describe("kernel smoother", () => {
  const pairs = [
    { distance: 0.2, accuracy: 0.9 },
    { distance: 0.5, accuracy: 0.6 },
    { distance: 0.3, accuracy: Number.NaN },
  ];

  it("weighs reference tasks by a Gaussian of their difference in distance", () => {
    const weights = [0.2, 0.5].map((distance) => Math.exp(-((distance - 0.25) ** 2) / (2 * 0.09 ** 2)));
    const expected = (0.9 * weights[0] + 0.6 * weights[1]) / (weights[0] + weights[1]);
    expect(smoothAccuracy(pairs, 0.25)).toBeCloseTo(expected, 10);
  });

  it("takes the nearest pair far outside, and needs at least one", () => {
    expect(smoothAccuracy(pairs, 9)).toBeCloseTo(0.6);
    expect(smoothAccuracy([], 0.3)).toBeNaN();
  });
});

/** P(X = k), by the recurrence from the mode-free product: exact enough for a few dozen prompts. */
function binomial(n: number, p: number): number[] {
  return Array.from({ length: n + 1 }, (_, k) => {
    let value = 1;
    for (let j = 1; j <= k; j++) value *= ((n - k + j) / j) * p;
    return value * (1 - p) ** (n - k);
  });
}

function sumOf(a: readonly number[], b: readonly number[]): number[] {
  const sum = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      sum[i + j] = sum[i + j] + x * y;
    });
  });
  return sum;
}

describe("Monte-Carlo gate", () => {
  it("agrees with exact sums over both binomials", () => {
    const random = seededRandom(3);
    for (let round = 0; round < 12; round++) {
      const n = 5 + Math.floor(random() * 30);
      const draw = () => {
        const positives = Math.floor(random() * (n + 1));
        return { positives, negatives: n - positives, accuracy: 0.1 + 0.8 * random() };
      };
      const [a, b] = [draw(), draw()];
      const right = ({ positives, negatives, accuracy }: typeof a) =>
        sumOf(binomial(positives, accuracy), binomial(negatives, 1 - accuracy));
      const [pa, pb] = [right(a), right(b)];
      let exact = 0;
      for (let i = 0; i <= n; i++) for (let j = 0; j < i; j++) exact += pa[i] * pb[j];
      const drawn = probabilityOfBetter(a, b, random, 20_000);
      // Five standard errors of 20,000 draws.
      expect(Math.abs(drawn - exact)).toBeLessThan(5 * Math.sqrt(0.25 / 20_000));
    }
  });

  it("is strict: equal certainties are not better", () => {
    const certain = { positives: 10, negatives: 0, accuracy: 1 };
    expect(probabilityOfBetter(certain, certain, seededRandom(0))).toBe(0);
  });

  it("falls back to the best model on average", () => {
    const strong = { positives: 90, negatives: 10, accuracy: 0.95 };
    const weak = { positives: 50, negatives: 50, accuracy: 0.95 };
    expect(gateChoice([strong, weak], 0, 1, seededRandom(0))).toBe(0);
    expect(gateChoice([weak, weak], 0, 1, seededRandom(0))).toBe(1);
    expect(gateChoice([weak], 0, 0, seededRandom(0))).toBe(0);
  });

  it("draws certain binomials and thousands of prompts", () => {
    const random = seededRandom(1);
    expect(prepareBinomial(7, 0)(random)).toBe(0);
    expect(prepareBinomial(7, 1)(random)).toBe(7);
    expect(prepareBinomial(0, 0.5)(random)).toBe(0);
    const draw = prepareBinomial(5000, 0.7);
    const mean = Array.from({ length: 500 }, () => draw(random)).reduce((sum, k) => sum + k, 0) / 500;
    expect(mean).toBeGreaterThan(3490);
    expect(mean).toBeLessThan(3510);
  });
});

describe("posterior", () => {
  it("moves from the prior to the labels", () => {
    expect(posteriorMean(0.5, [])).toBe(0.5);
    expect(posteriorMean(0.5, [1, 1, Number.NaN], 2)).toBe(0.75);
  });

  it("does not move on labels that were expected", () => {
    expect(surprisedPosterior(0.5, [1, 0], [1, 0])).toBeCloseTo(0.5);
    expect(surprisedPosterior(0.5, [1, 1], [0.5, 0.5], 2)).toBeCloseTo(0.75);
  });
});

describe("joint posterior", () => {
  const independent = {
    betweenTasks: Float64Array.of(0.01, 0, 0, 0.01),
    withinTask: Float64Array.of(0.2, 0, 0, 0.2),
  };

  it("shrinks each model by itself where models are independent", () => {
    const labels = [1, 0, 1, 0, 1, 1, 1, 0];
    const [a, b] = jointPosterior([0.5, 0.5], labels, independent) as unknown as [number, number];
    const strength = 0.01 / (0.01 + 0.2 / 4);
    expect(a).toBeCloseTo(0.5 + strength * 0.5, 4);
    expect(b).toBeCloseTo(0.5 - strength * 0.25, 4);
  });

  it("moves a model without labels with one that is like it", () => {
    const alike = { ...independent, betweenTasks: Float64Array.of(0.01, 0.008, 0.008, 0.01) };
    const [a, b] = jointPosterior([0.5, 0.5], [1, Number.NaN, 1, Number.NaN], alike) as unknown as [
      number,
      number,
    ];
    expect(b).toBeGreaterThan(0.5);
    expect(b).toBeLessThan(a);
  });

  it("is the prior without labels, and the labels with very many", () => {
    expect([...jointPosterior([0.3, 0.6], [], independent)]).toEqual([0.3, 0.6]);
    const many = Array.from({ length: 20_000 }, (_, k) => Number(k % 4 < 2));
    expect(jointPosterior([0.1, 0.9], many, independent)[0]).toBeCloseTo(0.5, 2);
  });
});

describe("evidence of a task", () => {
  const dataset = syntheticDataset({ prompts: 150 });
  const groupOf = dataset.taskOf;

  it.each([
    { moved: 0, without: -1 },
    { moved: 0, without: 4 },
    { moved: 6, without: 2 },
  ])("equals brute force: $moved prompts moved, group $without left out", async ({ moved, without }) => {
    const data = await prepareTasks(dataset, groupOf, 0);
    const [task] = data.tasks;
    if (task === undefined) throw new Error("no task");
    const { g, distance, prompts } = gatherEvidence(data, task, moved, without);
    const labeled = task.prompts.subarray(0, moved);
    const training = [...dataset.ids.keys()].filter(
      (i) => labeled.includes(i) || (groupOf[i] !== task.group && groupOf[i] !== without),
    );
    const vectors = training.map((i) => row(dataset.embeddings, i));
    expect(distance).toBeCloseTo(
      taskDistance(
        Array.from(prompts, (i) => row(dataset.embeddings, i)),
        vectors,
      ),
      5,
    );
    prompts.forEach((prompt, i) => {
      const nearest = nearestPrompts(vectors, row(dataset.embeddings, prompt), 5);
      for (let m = 0; m < 3; m++) {
        const scores = nearest.map(({ index }) => dataset.outcomes.data[3 * training[index] + m]);
        expect(g.data[3 * i + m]).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / 5, 6);
      }
    });
  });
});

describe("the paper's experiment", () => {
  it("reports both variants, labels that help, and no small pool without sizes", async () => {
    const dataset = syntheticDataset({ prompts: 300 });
    const report = await evaluatePaper(dataset, dataset.taskOf, 0);
    const { clean, as_published: published } = report.variants;
    expect(clean.rules.bma.score).toBeLessThanOrEqual(published.rules.bma.score);
    expect(clean.rules.best_per_task.score).toBeGreaterThan(0.8);
    expect(clean.rules.s3_true_p.score).toBeGreaterThanOrEqual(clean.rules.random.score);
    expect(report.alpha_sweep).toHaveLength(15);
    expect(report.alpha_sweep.at(-1)?.scores.s1).toBeGreaterThan(report.alpha_sweep[0]?.scores.s1 as number);
    expect(report.small_pool).toBeUndefined();
    expect(await evaluatePaper(dataset, dataset.taskOf, 0)).toEqual(report);
  });

  it("reads sizes off names", () => {
    expect(["Llama-2-13b-hf", "Mixtral-8x7B", "gpt-4", "qwen2.5-7b-instruct"].map(billionParameters)).toEqual(
      [13, 56, Number.POSITIVE_INFINITY, 7],
    );
  });
});
