import type { LinearHead } from "../../core/linear-head.ts";
import { dequantizeRows, type QuantizedRows, quantizeRows } from "../../core/quantize.ts";
import { multiply } from "../blas.ts";
import type { Dataset } from "../dataset.ts";
import { columnMeans, type Matrix, matrix, normalizeRows, row } from "../matrix.ts";
import type { FittedDecision } from "./decision.ts";
import { type FittedHeads, membershipsOf, toHead } from "./fit-heads.ts";
import { groupFamilies, nearnessToOthers } from "./leave-family-out.ts";
import { fitResponse, type Response, respond } from "./response.ts";

/** How far to believe the heads on a prompt, and what to believe instead. */
export interface FittedTrust {
  /** Task score (the largest over the tasks) at which heads and fallback count the same. */
  readonly threshold: number;
  /** Width of the logistic curve around the threshold, in task score. */
  readonly width: number;
  /** Features -> what is believed of unfamiliar prompts: the prior, as far as the mixture does not replace it. */
  readonly unfamiliar: LinearHead;
  /** What is added to it for the tasks that the prompt is near to; absent where that did not help. */
  readonly mixture?: FittedMixture;
  /** What is added to it as the prompt is easy or hard; absent where that did harm, or the mixture helped more. */
  readonly response?: FittedResponse;
  /** How much of the prior the mixture replaces, from 0 to 1. */
  readonly mixtureShare: number;
}

export interface FittedResponse {
  /** Features -> ease. */
  readonly ease: LinearHead;
  readonly curves: Response;
}

export interface FittedMixture {
  /** [tasks, dimension] mean directions of the tasks' prompts. */
  readonly centroids: QuantizedRows;
  /** Nearness to the centroids -> scores. */
  readonly head: LinearHead;
}

// A sharp but not a hard edge: twice this wide or narrow, scores move by less than .002.
const WIDTH = 0.03;
// The gain over the best single model that may be given up on familiar prompts to be safe on unfamiliar ones.
const KEPT_GAIN = 0.99;
const THRESHOLD_QUANTILES = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];
const MIXTURE_SHARES = [0.5, 1];
// Response curves order prompts by how much is at stake between two models even where one model is always best, so
// they stay unless they lose more than this on left-out families.
const RESPONSE_MAY_LOSE = 0.0005;
// With fewer families there is nothing to learn a fallback from; the prior stands.
const FEWEST_GROUPS = 3;

/** Learns trust from the training prompts alone: what leaving out a prompt, and what leaving out its family, does. */
export async function fitTrust(
  train: Dataset,
  heads: FittedHeads,
  decision: FittedDecision,
  seed: number,
): Promise<FittedTrust> {
  const prior = columnMeans(heads.taskTable);
  const centroids = quantizeRows(taskCentroids(train).data, train.embeddings.columns);
  const directions = matrix(train.tasks.length, train.embeddings.columns, dequantizeRows(centroids));
  const cosines = await multiply(train.embeddings, directions, { transposeB: true });
  const { mixtureShare, usesResponse } = await chooseFallback(train, heads, cosines, seed);
  const everyPrompt = Array.from(train.taskOf, (_, i) => i);
  const curves = usesResponse
    ? fitResponse(heads.ease.leaveOneOut.data, heads.deviations, everyPrompt)
    : undefined;
  const mixture = await multiply(membershipsOf(cosines), heads.taskTable);
  const fallbackOf = (i: number) => {
    const added = curves && respond(curves, heads.ease.leaveOneOut.data[i] as number);
    return prior.map((value, m) => {
      const byTask = mixture.data[i * prior.length + m] as number;
      return value + mixtureShare * (byTask - value) + (added?.[m] ?? 0);
    });
  };
  return {
    threshold: chooseThreshold(train, heads, decision, prior, fallbackOf),
    width: WIDTH,
    mixtureShare,
    unfamiliar: await unfamiliarHead(heads, mixtureShare),
    ...(mixtureShare === 0 ? {} : { mixture: { centroids, head: mixtureHead(heads, mixtureShare) } }),
    ...(curves === undefined
      ? {}
      : {
          response: {
            ease: await toHead(heads.kernels, heads.ease.weights, heads.ease.intercepts),
            curves,
          },
        }),
  };
}

/**
 * ease(x) + how much better than the average model each is on average, as far as the mixture does not replace that.
 * Ease says nothing about which model to take, but keeps the probabilities right where a prompt is plainly hard or easy.
 */
async function unfamiliarHead(
  { kernels, ease, taskTable }: FittedHeads,
  mixtureShare: number,
): Promise<LinearHead> {
  const prior = columnMeans(subtractRowMeans(taskTable));
  const weights = matrix(ease.weights.rows, prior.length);
  for (let k = 0; k < weights.data.length; k++) {
    weights.data[k] = ease.weights.data[Math.floor(k / prior.length)] as number;
  }
  return toHead(
    kernels,
    weights,
    prior.map((value) => (ease.intercepts[0] as number) + value * (1 - mixtureShare)),
  );
}

/** The tasks' mean scores, relative to the average model's, as a head on the nearness to their centroids. */
function mixtureHead({ taskTable }: FittedHeads, mixtureShare: number): LinearHead {
  const table = subtractRowMeans(taskTable);
  const width = table.rows + 1;
  const weights = new Float32Array(table.columns * width);
  for (let k = 0; k < table.data.length; k++) {
    weights[(k % table.columns) * width + Math.floor(k / table.columns)] =
      mixtureShare * (table.data[k] as number);
  }
  return { weights, outputs: table.columns };
}

/** [tasks, dimension] unit vectors; a task without prompts keeps a row of zeros. */
function taskCentroids({ tasks, taskOf, embeddings }: Dataset): Matrix {
  const centroids = matrix(tasks.length, embeddings.columns);
  for (let i = 0; i < embeddings.rows; i++) {
    const sum = row(centroids, taskOf[i] as number);
    row(embeddings, i).forEach((value, j) => {
      sum[j] = (sum[j] as number) + value;
    });
  }
  return normalizeRows(centroids);
}

function subtractRowMeans({ rows, columns, data }: Matrix): Matrix {
  const means = new Float64Array(rows);
  for (let k = 0; k < data.length; k++) {
    const i = Math.floor(k / columns);
    means[i] = (means[i] as number) + (data[k] as number) / columns;
  }
  return matrix(
    rows,
    columns,
    data.map((value, k) => value - (means[Math.floor(k / columns)] as number)),
  );
}

/**
 * What unfamiliar prompts are decided by: of the prior, response curves and the mixture, the one with the best lower
 * bound (mean minus one standard error over left-out groups of families) of the gain over the best model on average.
 */
async function chooseFallback(
  train: Dataset,
  { taskTable, ease, deviations }: FittedHeads,
  cosines: Matrix,
  seed: number,
): Promise<{ readonly mixtureShare: number; readonly usesResponse: boolean }> {
  const groups = groupFamilies(train, seed);
  if (groups.count < FEWEST_GROUPS) return { mixtureShare: 0, usesResponse: false };
  const tasksOfGroup = Array.from({ length: groups.count }, () => new Set<number>());
  train.taskOf.forEach((task, i) => {
    tasksOfGroup[groups.groupOf[i] as number]?.add(task);
  });
  const priors = tasksOfGroup.map((own) => priorWithout(taskTable, own));
  const easeOf = ease.leaveOneOut.data;
  const curves = tasksOfGroup.map((_, group) => {
    const others = Array.from(groups.groupOf, (_, i) => i).filter((i) => groups.groupOf[i] !== group);
    return fitResponse(easeOf, deviations, others);
  });
  const responseBound = lowerBound(
    groupGains(train, groups.groupOf, priors, (i, prior) => {
      const added = respond(curves[groups.groupOf[i] as number] as Response, easeOf[i] as number);
      return prior.map((value, m) => value + (added[m] as number));
    }),
  );
  const mixture = await multiply(nearnessToOthers(cosines, tasksOfGroup, groups.groupOf), taskTable);
  let best = {
    mixtureShare: 0,
    usesResponse: responseBound >= -RESPONSE_MAY_LOSE,
    bound: Math.max(responseBound, 0),
  };
  for (const share of MIXTURE_SHARES) {
    const gains = groupGains(train, groups.groupOf, priors, (i, prior) =>
      prior.map((value, m) => value + share * ((row(mixture, i)[m] as number) - value)),
    );
    const bound = lowerBound(gains);
    if (bound > best.bound + 1e-9) best = { mixtureShare: share, usesResponse: false, bound };
  }
  return best;
}

function priorWithout(taskTable: Matrix, left: ReadonlySet<number>): Float64Array {
  const kept = Array.from({ length: taskTable.rows }, (_, d) => d).filter((d) => !left.has(d));
  const sums = new Float64Array(taskTable.columns);
  for (const d of kept)
    row(taskTable, d).forEach((value, m) => {
      sums[m] = (sums[m] as number) + value / kept.length;
    });
  return sums;
}

/** [groups] mean gain of scores over always taking the best by the group's prior. */
function groupGains(
  train: Dataset,
  groupOf: Int32Array,
  priors: readonly Float64Array[],
  scoresOf: (i: number, prior: Float64Array) => Float64Array,
): readonly number[] {
  const sums = priors.map(() => ({ gain: 0, prompts: 0 }));
  for (let i = 0; i < train.ids.length; i++) {
    const prior = priors[groupOf[i] as number] as Float64Array;
    const outcomes = row(train.outcomes, i);
    const sum = sums[groupOf[i] as number] as { gain: number; prompts: number };
    const scores = scoresOf(i, prior);
    sum.gain +=
      bestObserved(outcomes, (m) => scores[m] as number) - bestObserved(outcomes, (m) => prior[m] as number);
    sum.prompts++;
  }
  return sums.filter(({ prompts }) => prompts > 0).map(({ gain, prompts }) => gain / prompts);
}

/** Outcome of the model with the highest score among those that have an outcome. */
export function bestObserved(outcomes: Float32Array, scoreOf: (m: number) => number): number {
  let best = Number.NEGATIVE_INFINITY;
  let outcome = 0;
  for (let m = 0; m < outcomes.length; m++) {
    if (Number.isNaN(outcomes[m])) continue;
    const score = scoreOf(m);
    if (score > best) {
      best = score;
      outcome = outcomes[m] as number;
    }
  }
  return outcome;
}

function lowerBound(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return mean - Math.sqrt(variance / values.length);
}

/**
 * The largest threshold that, on left-out training prompts, keeps the share `KEPT_GAIN` of the heads' gain over the
 * best single model when the fallback decides everything below it.
 */
function chooseThreshold(
  train: Dataset,
  heads: FittedHeads,
  decision: FittedDecision,
  prior: Float64Array,
  fallbackOf: (i: number) => Float64Array,
): number {
  const familiarity = largestInRows(heads.leaveOneOutTaskScores);
  const gains = Array.from(familiarity, (score, i) => {
    const outcomes = row(train.outcomes, i);
    const scores = row(decision.leaveOneOut, i);
    const fallback = fallbackOf(i);
    const single = bestObserved(outcomes, (m) => prior[m] as number);
    return {
      score,
      gain: bestObserved(outcomes, (m) => scores[m] as number) - single,
      fallbackGain: bestObserved(outcomes, (m) => fallback[m] as number) - single,
    };
  }).sort((a, b) => a.score - b.score);
  const total = gains.reduce((sum, { gain }) => sum + gain, 0);
  let chosen = 0;
  for (const quantile of THRESHOLD_QUANTILES) {
    const cut = Math.floor(quantile * (gains.length - 1));
    const kept = gains.reduce((sum, { gain, fallbackGain }, k) => sum + (k < cut ? fallbackGain : gain), 0);
    if (kept >= KEPT_GAIN * total) chosen = cut;
  }
  return (gains[chosen] as { score: number }).score;
}

function largestInRows(source: Matrix): Float64Array {
  return Float64Array.from({ length: source.rows }, (_, i) => Math.max(...row(source, i)));
}
