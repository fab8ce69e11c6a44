import { type Curve, evaluateCurve } from "../../core/math/curve.ts";
import { type Matrix, row } from "../../numerics/matrix.ts";

/**
 * How far each model strays from the average one as prompts get easier: the characteristic curves of item response
 * theory, without assuming a shape. It needs no likeness to any task, so it holds where nothing else is known.
 */
export type Response = readonly Curve[];

// Points of equally many prompts: enough to bend twice, few enough that each holds hundreds of outcomes.
const POINTS = 8;

/**
 * One curve a model through the mean deviations of prompts that are equally easy, minus the model's mean deviation.
 * @param ease [prompts] of left-out prompts: what a new prompt's ease would be taken for
 * @param deviations [prompts, models] outcome - ease - ability, 0 where there is no outcome
 * @param prompts indices of those to learn from
 */
export function fitResponse(
  ease: ArrayLike<number>,
  deviations: Matrix,
  prompts: readonly number[],
): Response {
  const sorted = prompts.toSorted((a, b) => ease[a] - ease[b] || a - b);
  const count = Math.max(1, Math.min(POINTS, sorted.length));
  const bins = Array.from({ length: count }, (_, k) =>
    sorted.slice(Math.floor((k * sorted.length) / count), Math.floor(((k + 1) * sorted.length) / count)),
  );
  const x = bins.map((bin) => bin.reduce((sum, i) => sum + ease[i], 0) / Math.max(bin.length, 1));
  const overall = meanDeviations(deviations, sorted);
  const heights = bins.map((bin) => meanDeviations(deviations, bin));
  return Array.from(overall, (mean, m) => ({
    x,
    y: heights.map((means) => means[m] - mean),
  }));
}

/** [models] deviations at this ease. */
export function respond(response: Response, ease: number): Float64Array {
  return Float64Array.from(response, (curve) => evaluateCurve(curve, ease));
}

function meanDeviations(deviations: Matrix, prompts: readonly number[]): Float64Array {
  const means = new Float64Array(deviations.columns);
  for (const i of prompts) {
    row(deviations, i).forEach((value, m) => {
      means[m] += value / prompts.length;
    });
  }
  return means;
}
