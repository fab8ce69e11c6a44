import { logistic, logit } from "../../core/math/logistic.ts";
import { multiply } from "../../numerics/blas.ts";
import { fitLogistic } from "../../numerics/logistic.ts";
import { type Matrix, matrix, normalizeRows, row, takeRows } from "../../numerics/matrix.ts";
import type { FittedKernels } from "./kernels.ts";
import type { LeftOutGroup } from "./leave-group-out.ts";

/** familiarity = logistic(intercept + nearest cos(x, nearest landmark) + task_score (largest task score)) */
export interface FamiliarityWeights {
  readonly intercept: number;
  readonly nearest: number;
  readonly task_score: number;
}

export interface FittedFamiliarity {
  readonly weights: FamiliarityWeights;
  /** [prompts] familiarity of left-out training prompts. */
  readonly leaveOneOut: Float64Array;
}

// Nine of ten left-out prompts of known tasks are to be more familiar than this.
const FAMILIAR = 0.75;
const LEAST_FAMILIAR = 0.08;
// The line between known and left out is fuzzy, but a prompt on the known side is to be believed in full: with the slope
// as learned, calibrated probabilities of known tasks are pulled towards those of unknown ones.
const SHARPNESS = 3;
// Left-out benchmarks look like questions of some other benchmark, everyday requests (a poem, a recipe) do not: that they
// have low task scores, no benchmark that is left out can teach.
const LEAST_SHARE_OF_TASK_SCORE = 0.75;
// Without groups to learn from: what it came to on seven public suites.
const untaught = { nearest: 27, task_score: 20 };
const FEWEST_GROUPS = 3;

/**
 * Learns to tell left-out prompts of known tasks from prompts of left-out groups, by how near the nearest landmark is and
 * by the largest task score. Either alone is fooled: small talk lies near the middle of the tasks, where scores are high,
 * but far from every landmark; a question on a new subject in a known form lies near a landmark, and no task claims it.
 * The intercept is then set so that known tasks are familiar.
 * @param taskScores [prompts] largest task scores of left-out prompts
 */
export async function fitFamiliarity(
  embeddings: Matrix,
  kernels: FittedKernels,
  taskScores: Float64Array,
  leftOut: readonly LeftOutGroup[],
): Promise<FittedFamiliarity> {
  const nearest = await nearestLandmarks(embeddings, kernels, leftOut);
  const { nearest: a, task_score: b } =
    leftOut.length < FEWEST_GROUPS ? untaught : tellApart(nearest, taskScores, leftOut);
  const scores = Float64Array.from(taskScores, (score, i) => a * nearest.own[i] + b * score);
  const low = scores.toSorted()[Math.floor(LEAST_FAMILIAR * (scores.length - 1))];
  const intercept = logit(FAMILIAR) - low;
  return {
    weights: { intercept, nearest: a, task_score: b },
    leaveOneOut: scores.map((score) => logistic(intercept + score)),
  };
}

interface Nearest {
  /** [prompts] largest cosine to a landmark that the prompt itself had no part in. */
  readonly own: Float64Array;
  /** [prompts] largest cosine to a landmark that its group had no part in. */
  readonly others: Float64Array;
}

function tellApart({ own, others }: Nearest, taskScores: Float64Array, leftOut: readonly LeftOutGroup[]) {
  const samples = leftOut.flatMap(({ prompts, taskScores: unknown }) =>
    Array.from(prompts, (i, k) => [
      { features: [1, own[i], taskScores[i]], target: 1, weight: 0.5 / prompts.length / leftOut.length },
      { features: [1, others[i], unknown[k]], target: 0, weight: 0.5 / prompts.length / leftOut.length },
    ]).flat(),
  );
  const { coefficients } = fitLogistic(
    {
      features: Float64Array.from(samples.flatMap(({ features }) => features)),
      targets: Float64Array.from(samples, ({ target }) => target),
      weights: Float64Array.from(samples, ({ weight }) => weight),
    },
    3,
  );
  const nearest = SHARPNESS * Math.max(coefficients[1], 0);
  return {
    nearest,
    task_score: Math.max(SHARPNESS * coefficients[2], LEAST_SHARE_OF_TASK_SCORE * nearest),
  };
}

/** Landmarks are means of prompts: what is left of them without the prompt itself, and without its group. */
async function nearestLandmarks(
  embeddings: Matrix,
  { centers, landmarkOf }: FittedKernels,
  leftOut: readonly LeftOutGroup[],
): Promise<Nearest> {
  const cosines = await multiply(embeddings, centers, { transposeB: true });
  const sums = addRows(matrix(centers.rows, centers.columns), embeddings, landmarkOf, landmarkOf.keys(), 1);
  const own = Float64Array.from(landmarkOf, (mine, i) => {
    const values = row(cosines, i);
    values[mine] = cosineWithout(row(embeddings, i), row(sums, mine));
    return Math.max(...values);
  });
  const others = new Float64Array(embeddings.rows);
  for (const { prompts } of leftOut) {
    const rest = { ...sums, data: sums.data.slice() };
    addRows(rest, embeddings, landmarkOf, prompts, -1);
    const nearness = await multiply(takeRows(embeddings, prompts), normalizeRows(dropEmpty(rest)), {
      transposeB: true,
    });
    prompts.forEach((i, k) => {
      others[i] = Math.max(...row(nearness, k));
    });
  }
  return { own, others };
}

/** Adds the prompts' embeddings, times a factor, to the rows of their landmarks. */
function addRows(
  sums: Matrix,
  embeddings: Matrix,
  landmarkOf: Int32Array,
  prompts: Iterable<number>,
  factor: number,
): Matrix {
  for (const i of prompts) {
    const sum = row(sums, landmarkOf[i]);
    const values = row(embeddings, i);
    for (let j = 0; j < values.length; j++) sum[j] += factor * values[j];
  }
  return sums;
}

// What rounding leaves of a sum of unit vectors from which all have been taken.
const NOTHING = 1e-3;

/** Landmarks that only prompts of the group made up are none without it. */
function dropEmpty(sums: Matrix): Matrix {
  for (let k = 0; k < sums.rows; k++) {
    const sum = row(sums, k);
    if (Math.hypot(...sum) < NOTHING) sum.fill(0);
  }
  return sums;
}

/** Cosine of a prompt and the rest of its landmark; -1 where it was the only one. */
function cosineWithout(unit: Float32Array, sum: Float32Array): number {
  let dot = 0;
  let squares = 0;
  for (let j = 0; j < unit.length; j++) {
    const rest = sum[j] - unit[j];
    dot += unit[j] * rest;
    squares += rest * rest;
  }
  return squares > NOTHING ** 2 ? dot / Math.sqrt(squares) : -1;
}
