import { type Matrix, matrix } from "../../numerics/matrix.ts";
import type { FittedHeads } from "../landmark-heads/fit-heads.ts";
import { kernelsTo } from "../landmark-heads/kernels.ts";

/**
 * [tasks, features] mean features of each task's prompts: since heads are linear, their values there are the mean
 * probabilities over the task, which is what a published score speaks of.
 */
export async function taskFeatures(
  embeddings: Matrix,
  taskOf: Int32Array,
  { kernels, leaveOneOutMemberships }: Pick<FittedHeads, "kernels" | "leaveOneOutMemberships">,
): Promise<Matrix> {
  const ofPrompts = await kernelsTo(kernels.centers, kernels.gamma, embeddings);
  const landmarks = ofPrompts.columns;
  const tasks = leaveOneOutMemberships.columns;
  const width = landmarks + tasks;
  const sums = new Float64Array(tasks * width);
  const sizes = new Float64Array(tasks);
  for (let i = 0; i < embeddings.rows; i++) {
    const start = taskOf[i] * width;
    sizes[taskOf[i]]++;
    for (let j = 0; j < landmarks; j++) sums[start + j] += ofPrompts.data[i * landmarks + j];
    for (let d = 0; d < tasks; d++) sums[start + landmarks + d] += leaveOneOutMemberships.data[i * tasks + d];
  }
  return matrix(
    tasks,
    width,
    Float32Array.from(sums, (sum, k) => sum / sizes[Math.floor(k / width)]),
  );
}
