import type { LinearHead } from "../../core/math/linear-head.ts";
import { dequantizeRows, type QuantizedRows, quantizeRows } from "../../core/math/quantize.ts";
import { multiply } from "../../numerics/blas.ts";
import { columnMeans, type Matrix, matrix, normalizeRows, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../dataset.ts";
import { chooseFallback } from "./choose-fallback.ts";
import { chooseThreshold } from "./choose-threshold.ts";
import type { FittedDecision } from "./decision.ts";
import { type FittedHeads, membershipsOf, toHead } from "./fit-heads.ts";
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
    const added = curves && respond(curves, heads.ease.leaveOneOut.data[i]);
    return prior.map((value, m) => {
      const byTask = mixture.data[i * prior.length + m];
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
    weights.data[k] = ease.weights.data[Math.floor(k / prior.length)];
  }
  return toHead(
    kernels,
    weights,
    prior.map((value) => ease.intercepts[0] + value * (1 - mixtureShare)),
  );
}

/** The tasks' mean scores, relative to the average model's, as a head on the nearness to their centroids. */
function mixtureHead({ taskTable }: FittedHeads, mixtureShare: number): LinearHead {
  const table = subtractRowMeans(taskTable);
  const width = table.rows + 1;
  const weights = new Float32Array(table.columns * width);
  for (let k = 0; k < table.data.length; k++) {
    weights[(k % table.columns) * width + Math.floor(k / table.columns)] = mixtureShare * table.data[k];
  }
  return { weights, outputs: table.columns };
}

/** [tasks, dimension] unit vectors; a task without prompts keeps a row of zeros. */
function taskCentroids({ tasks, taskOf, embeddings }: Dataset): Matrix {
  const centroids = matrix(tasks.length, embeddings.columns);
  for (let i = 0; i < embeddings.rows; i++) {
    const sum = row(centroids, taskOf[i]);
    row(embeddings, i).forEach((value, j) => {
      sum[j] += value;
    });
  }
  return normalizeRows(centroids);
}

function subtractRowMeans({ rows, columns, data }: Matrix): Matrix {
  const means = new Float64Array(rows);
  for (let k = 0; k < data.length; k++) {
    const i = Math.floor(k / columns);
    means[i] += data[k] / columns;
  }
  return matrix(
    rows,
    columns,
    data.map((value, k) => value - means[Math.floor(k / columns)]),
  );
}
