import { taskMemberships } from "../../core/math/features.ts";
import type { LinearHead } from "../../core/math/linear-head.ts";
import { multiply } from "../../numerics/blas.ts";
import { besides, type Matrix, matrix, row } from "../../numerics/matrix.ts";
import { prepareRidge, type Ridge, type RidgeFit, symmetricEigen } from "../../numerics/ridge.ts";
import type { Dataset } from "../dataset.ts";
import { fitPriors } from "./ability.ts";
import { type SplitOutcomes, splitOutcomes } from "./difficulty.ts";
import {
  type FittedKernels,
  fitKernels,
  foldWhitening,
  type KernelOptions,
  whitenedKernels,
} from "./kernels.ts";
import { fitTaskTable } from "./task-table.ts";

/** The fitted core of a landmark-heads router, with leave-one-out predictions to calibrate on. */
export interface FittedHeads {
  readonly kernels: FittedKernels;
  /** [tasks, models] how good each model is on each task. */
  readonly taskTable: Matrix;
  /** Kernels -> task scores. */
  readonly taskHead: LinearHead;
  /** Kernels and memberships -> probability of a correct answer, before calibration. */
  readonly correctness: LinearHead;
  /** [prompts, models] what `correctness` gives for a training prompt that is left out. */
  readonly leaveOneOut: Matrix;
  /** [prompts, tasks] task scores of a training prompt that is left out. */
  readonly leaveOneOutTaskScores: Matrix;
  /** [prompts, tasks] memberships of a training prompt that is left out. */
  readonly leaveOneOutMemberships: Matrix;
  /** Ridge on kernels and memberships, for whatever else is to be predicted from them. */
  readonly ridge: Ridge;
  /** [prompts, landmarks] whitened kernels of the training prompts. */
  readonly whitened: Matrix;
  /** [models] how good each model is over all tasks, from 0 to 1. */
  readonly priors: Float64Array;
  readonly split: SplitOutcomes;
  /** Chosen by leave-one-out error. */
  readonly penalties: {
    readonly tasks: number;
    readonly ease: number;
    readonly deviations: readonly number[];
  };
}

/**
 * Fits p(i,m) = ease(x_i) + ability_m + deviation_m(x_i). Ease is shared by all models, so that prompts which only
 * some models saw still say how hard such prompts are; deviations are regressed in the basis of their principal
 * components, each with its own penalty, so that what models have in common is learned from all of them.
 */
export async function fitHeads(train: Dataset, options: KernelOptions): Promise<FittedHeads> {
  const kernels = await fitKernels(train.embeddings, options);
  const features = await whitenedKernels(kernels, train.embeddings);
  const taskFit = await (await prepareRidge(features)).fitBestShared(
    oneHot(train.taskOf, train.tasks.length),
  );
  const memberships = membershipsOf(taskFit.leaveOneOut);
  // The heads learn from the memberships of left-out prompts: those of fitted ones look surer than any new prompt's.
  const ridge = await prepareRidge(besides(features, memberships));

  const priors = fitPriors(train);
  const split = splitOutcomes(train.outcomes, priors);
  const easeFit = await ridge.fitBest(matrix(train.ids.length, 1, Float32Array.from(split.ease)));
  const deviationFit = await fitByComponents(ridge, split.deviations);
  const abilities = split.ability;
  return {
    kernels,
    whitened: features,
    ridge,
    priors,
    split,
    taskTable: fitTaskTable(split, train.taskOf, train.tasks.length),
    taskHead: await toHead(kernels, taskFit.weights, taskFit.intercepts),
    correctness: await toHead(
      kernels,
      addToEachColumn(deviationFit.weights, easeFit.weights.data),
      deviationFit.intercepts.map((value, m) => value + easeFit.intercepts[0] + abilities[m]),
    ),
    leaveOneOut: addToEachRow(addToEachColumn(deviationFit.leaveOneOut, easeFit.leaveOneOut.data), abilities),
    leaveOneOutTaskScores: taskFit.leaveOneOut,
    leaveOneOutMemberships: memberships,
    penalties: {
      tasks: taskFit.penalties[0],
      ease: easeFit.penalties[0],
      deviations: deviationFit.penalties,
    },
  };
}

/** Regresses the columns of `targets` in the basis of their principal components and turns the fit back. */
async function fitByComponents(ridge: Ridge, targets: Matrix): Promise<RidgeFit> {
  const { vectors } = symmetricEigen(await multiply(targets, targets, { transposeA: true }));
  const fit = await ridge.fitBest(await multiply(targets, vectors));
  const back = (source: Matrix) => multiply(source, vectors, { transposeB: true });
  const intercepts = await back(matrix(1, targets.columns, Float32Array.from(fit.intercepts)));
  return {
    weights: await back(fit.weights),
    intercepts: Float64Array.from(intercepts.data),
    leaveOneOut: await back(fit.leaveOneOut),
    penalties: fit.penalties,
  };
}

function oneHot(indices: Int32Array, size: number): Matrix {
  const encoded = matrix(indices.length, size);
  indices.forEach((index, i) => {
    encoded.data[i * size + index] = 1;
  });
  return encoded;
}

export function membershipsOf(scores: Matrix): Matrix {
  const memberships = matrix(scores.rows, scores.columns);
  for (let i = 0; i < scores.rows; i++)
    memberships.data.set(taskMemberships(row(scores, i)), i * scores.columns);
  return memberships;
}

/** Ridge weights on whitened kernels -> a head on plain ones. @param weights [features, outputs] */
export async function toHead(
  kernels: FittedKernels,
  weights: Matrix,
  intercepts: ArrayLike<number>,
): Promise<LinearHead> {
  const folded = await foldWhitening(kernels, weights);
  const width = weights.rows + 1;
  const head = new Float32Array(width * weights.columns);
  for (let m = 0; m < weights.columns; m++) {
    for (let j = 0; j < weights.rows; j++) head[m * width + j] = folded.data[j * weights.columns + m];
    head[m * width + weights.rows] = intercepts[m];
  }
  return { weights: head, outputs: weights.columns };
}

function addToEachColumn({ rows, columns, data }: Matrix, column: ArrayLike<number>): Matrix {
  return matrix(
    rows,
    columns,
    data.map((value, k) => value + column[Math.floor(k / columns)]),
  );
}

function addToEachRow({ rows, columns, data }: Matrix, values: ArrayLike<number>): Matrix {
  return matrix(
    rows,
    columns,
    data.map((value, k) => value + values[k % columns]),
  );
}
