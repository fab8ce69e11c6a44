import type { LinearHead } from "../../core/math/linear-head.ts";
import { multiply } from "../../numerics/blas.ts";
import { type Matrix, matrix } from "../../numerics/matrix.ts";
import type { FittedHeads } from "./fit-heads.ts";

/** What models are chosen by: the mean of the heads and of a task mixture. */
export interface FittedDecision {
  /** The mixture is linear in the memberships, which are features, so the mean is one head. */
  readonly head: LinearHead;
  /** [prompts, models] decision scores of left-out training prompts. */
  readonly leaveOneOut: Matrix;
}

/**
 * The task mixture sum_d membership_d(x) table[d, m] is coarser than the heads and worse calibrated, but errs
 * elsewhere: the mean of both routed better than either on every suite.
 */
export async function fitDecision({
  correctness,
  taskTable,
  leaveOneOut,
  leaveOneOutMemberships,
}: FittedHeads): Promise<FittedDecision> {
  const weights = correctness.weights.map((value) => value / 2);
  const width = weights.length / correctness.outputs;
  const { rows: tasks, columns: models } = taskTable;
  for (let m = 0; m < models; m++) {
    for (let d = 0; d < tasks; d++) {
      const k = m * width + (width - 1 - tasks) + d;
      weights[k] += taskTable.data[d * models + m] / 2;
    }
  }
  const mixture = await multiply(leaveOneOutMemberships, taskTable);
  const mean = matrix(
    mixture.rows,
    models,
    mixture.data.map((value, k) => (value + leaveOneOut.data[k]) / 2),
  );
  return { head: { weights, outputs: models }, leaveOneOut: mean };
}
