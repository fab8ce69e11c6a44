import type { Dataset } from "../../training/dataset.ts";

/** [models] mean known score on these prompts; NaN for a model without any. */
export function meansOn({ outcomes }: Dataset, prompts: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(outcomes.columns);
  const counts = new Float64Array(outcomes.columns);
  for (let k = 0; k < prompts.length; k++) {
    const start = prompts[k] * outcomes.columns;
    for (let m = 0; m < outcomes.columns; m++) {
      const score = outcomes.data[start + m];
      if (Number.isNaN(score)) continue;
      sums[m] += score;
      counts[m] += 1;
    }
  }
  return sums.map((sum, m) => sum / counts[m]);
}

/**
 * The model with the largest value among those that the task has results of; equal values go to the one that is
 * better on average, then to the first by name. -1 where there is none.
 *
 * @param values [models]; NaN is never chosen
 * @param results [models] mean scores on the task: only whether there is one counts here
 */
export function bestModel(
  values: ArrayLike<number>,
  results: ArrayLike<number>,
  averages: ArrayLike<number>,
  models: readonly string[],
): number {
  let best = -1;
  for (let m = 0; m < models.length; m++) {
    if (Number.isNaN(results[m]) || Number.isNaN(values[m])) continue;
    if (best < 0 || precedes(m, best)) best = m;
  }
  return best;

  function precedes(a: number, b: number): boolean {
    const byValue = values[a] - values[b];
    const byAverage = averages[a] - averages[b];
    if (byValue !== 0) return byValue > 0;
    return byAverage === 0 ? (models[a] as string) < (models[b] as string) : byAverage > 0;
  }
}
