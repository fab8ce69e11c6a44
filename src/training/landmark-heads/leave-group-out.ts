import { multiply } from "../../numerics/blas.ts";
import { besides, type Matrix, matrix, row, takeColumns, takeRows } from "../../numerics/matrix.ts";
import { solveRidge } from "../../numerics/ridge-solver.ts";
import { type Dataset, takePrompts } from "../dataset.ts";
import { fitPriors } from "./ability.ts";
import { splitOutcomes } from "./difficulty.ts";
import type { Groups } from "./groups.ts";

/** What a fit without a group of prompts says of them. */
export interface LeftOutGroup {
  /** Indices of its prompts. */
  readonly prompts: Int32Array;
  /** [models] priors without the group; NaN for a model that ran nowhere else. */
  readonly priors: Float64Array;
  /** Mean ease of the other prompts. */
  readonly meanEase: number;
  /** For each penalty: [prompts] ease. */
  readonly ease: readonly Float32Array[];
  /** For each penalty: [prompts, models] deviations. */
  readonly deviations: readonly Matrix[];
  /** [prompts] the largest of the other groups' task scores. */
  readonly taskScores: Float64Array;
}

/**
 * Fits ease, deviations and task scores on whitened kernels without each group in turn. Landmarks stay: they are learned
 * without outcomes. Sums of products over groups make it cost little more than one fit.
 * @param features [prompts, landmarks] whitened kernels
 */
export async function leaveGroupsOut(
  train: Dataset,
  features: Matrix,
  { groupOf, count }: Groups,
  penalties: {
    readonly ease: readonly number[];
    readonly deviations: readonly number[];
    readonly tasks: number;
  },
): Promise<readonly LeftOutGroup[]> {
  const extended = besides(features, matrix(features.rows, 1, new Float32Array(features.rows).fill(1)));
  const members = Array.from({ length: count }, (_, group) =>
    Int32Array.from(groupOf.keys()).filter((i) => groupOf[i] === group),
  );
  const parts = members.map((prompts) => takeRows(extended, prompts));
  const grams: Matrix[] = [];
  for (const part of parts) grams.push(await multiply(part, part, { transposeA: true }));
  const taskSums = sumsByTask(extended, train.taskOf, train.tasks.length);
  const groupOfTask = Int32Array.from(train.tasks, (_, task) => groupOf[train.taskOf.indexOf(task)]);

  const left: LeftOutGroup[] = [];
  for (const [group, prompts] of members.entries()) {
    const others = Int32Array.from(groupOf.keys()).filter((i) => groupOf[i] !== group);
    const rest = takePrompts(train, others);
    const priors = fitPriors(rest);
    const { ease, deviations } = splitOutcomes(rest.outcomes, priors);
    const gram = sumOf(grams.filter((_, other) => other !== group));
    const targets = besides(matrix(others.length, 1, Float32Array.from(ease)), deviations);
    const products = await multiply(takeRows(extended, others), targets, { transposeA: true });
    const own = parts[group];
    const predict = async (columns: Matrix, penalty: number) =>
      multiply(own, solveRidge(gram, columns, penalty));
    const everyModel = train.models.map((_, m) => m + 1);
    const easeFits: Float32Array[] = [];
    for (const penalty of penalties.ease) {
      easeFits.push((await predict(takeColumns(products, [0]), penalty)).data);
    }
    const deviationFits: Matrix[] = [];
    for (const penalty of penalties.deviations) {
      deviationFits.push(await predict(takeColumns(products, everyModel), penalty));
    }
    const otherTasks = train.tasks.map((_, task) => task).filter((task) => groupOfTask[task] !== group);
    const scores = await predict(takeColumns(taskSums, otherTasks), penalties.tasks);
    left.push({
      prompts,
      priors: withoutUnseen(priors, rest),
      meanEase: ease.reduce((sum, value) => sum + value, 0) / ease.length,
      ease: easeFits,
      deviations: deviationFits,
      taskScores: Float64Array.from(prompts, (_, k) => Math.max(...row(scores, k))),
    });
  }
  return left;
}

/** [features, tasks] sums of the features of each task's prompts. */
function sumsByTask(features: Matrix, taskOf: Int32Array, tasks: number): Matrix {
  const sums = matrix(features.columns, tasks);
  taskOf.forEach((task, i) => {
    row(features, i).forEach((value, j) => {
      sums.data[j * tasks + task] += value;
    });
  });
  return sums;
}

function sumOf(matrices: readonly Matrix[]): Float64Array {
  const sum = new Float64Array(matrices[0]?.data.length ?? 0);
  for (const { data } of matrices) for (let k = 0; k < data.length; k++) sum[k] += data[k];
  return sum;
}

function withoutUnseen(priors: Float64Array, { outcomes }: Dataset): Float64Array {
  const seen = new Uint8Array(priors.length);
  outcomes.data.forEach((value, k) => {
    if (!Number.isNaN(value)) seen[k % outcomes.columns] = 1;
  });
  return priors.map((prior, m) => (seen[m] === 1 ? prior : Number.NaN));
}
