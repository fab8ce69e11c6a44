import type { Evidence } from "../../core/evidence.ts";
import type { Matrix } from "../../numerics/matrix.ts";
import type { Dataset } from "../dataset.ts";
import { suitesOf } from "../landmark-heads/groups.ts";

/** Of one outcome around what is predicted of it. */
export const OUTCOME_VARIANCE = 0.2;
/** Standard deviations within which 19 of 20 lie. */
const CONFIDENCE = 1.96;

/**
 * What is known of each LLM and how sure its ability is: outcomes are few or many, and an LLM that ran one suite may do
 * otherwise on another. How much LLMs differ between suites is learned from those that ran several.
 * @param deviations [prompts, models] outcome - ease - ability @param priors [models]
 */
export function evidenceOfKnown(
  { models, tasks, taskOf, outcomes }: Dataset,
  deviations: Matrix,
  priors: ArrayLike<number>,
): readonly Evidence[] {
  const { suiteOf, names: suites } = suitesOf(tasks);
  const sums = new Float64Array(suites.length * models.length);
  const counts = new Float64Array(suites.length * models.length);
  for (let k = 0; k < outcomes.data.length; k++) {
    if (Number.isNaN(outcomes.data[k])) continue;
    const cell = suiteOf[taskOf[Math.floor(k / models.length)]] * models.length + (k % models.length);
    sums[cell] += deviations.data[k];
    counts[cell]++;
  }
  const between = varianceBetweenSuites(sums, counts, models.length);
  return models.map((_, m) => {
    const ran = suites.map((_, s) => counts[s * models.length + m]).filter((count) => count > 0);
    const total = ran.reduce((sum, count) => sum + count, 0);
    const doubt =
      total === 0 ? Math.sqrt(between) : Math.sqrt(between / ran.length + OUTCOME_VARIANCE / total);
    return { outcomes: total, published: 0, feedback: 0, ability: boundsOf(priors[m], doubt) };
  });
}

/** Mean and the bounds of 19 in 20. @param doubt standard deviation */
export function boundsOf(mean: number, doubt: number): NonNullable<Evidence["ability"]> {
  const share = (value: number) => Math.min(Math.max(value, 0), 1);
  return { mean: share(mean), low: share(mean - CONFIDENCE * doubt), high: share(mean + CONFIDENCE * doubt) };
}

/** Of an LLM's mean deviation on a suite; 0 where no LLM ran two. */
function varianceBetweenSuites(sums: Float64Array, counts: Float64Array, models: number): number {
  let squares = 0;
  let freedom = 0;
  for (let m = 0; m < models; m++) {
    const means: number[] = [];
    for (let cell = m; cell < sums.length; cell += models) {
      if (counts[cell] > 0) means.push(sums[cell] / counts[cell]);
    }
    const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
    for (const value of means) squares += (value - mean) ** 2;
    freedom += Math.max(means.length - 1, 0);
  }
  return freedom === 0 ? 0 : squares / freedom;
}
