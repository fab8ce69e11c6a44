import type { Dataset } from "../../training/dataset.ts";

/** [tasks] mean of the values over each task's prompts; NaN for a task without prompts. */
export function meanByTask(
  values: Float64Array,
  { taskOf, tasks }: Pick<Dataset, "taskOf" | "tasks">,
): Float64Array {
  const sums = new Float64Array(tasks.length);
  const counts = new Float64Array(tasks.length);
  for (let i = 0; i < values.length; i++) {
    const d = taskOf[i];
    sums[d] += values[i];
    counts[d] += 1;
  }
  return sums.map((sum, d) => sum / counts[d]);
}

/** Mean over the tasks that have prompts: every task counts the same, however large. */
export function macroMean(byTask: Float64Array): number {
  const known = byTask.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
