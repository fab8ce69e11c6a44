import type { Curve } from "../../core/math/curve.ts";
import type { Matrix } from "../../numerics/matrix.ts";

// Enough bins to bend the curve where it must, few enough that each holds thousands of outcomes.
const BINS = 20;
const TAIL = 0.5;

/**
 * A rising curve from raw to calibrated probability: mean outcome of left-out predictions in bins of equal count,
 * neighbors that fall merged (isotonic regression by pooling).
 * @param predicted [prompts, models] leave-one-out predictions
 * @param outcomes [prompts, models], NaN where there is none
 */
export function fitCalibration(predicted: Matrix, outcomes: Matrix): Curve {
  const pairs: { x: number; y: number }[] = [];
  for (let k = 0; k < outcomes.data.length; k++) {
    const y = outcomes.data[k];
    if (!Number.isNaN(y)) pairs.push({ x: predicted.data[k], y });
  }
  pairs.sort((a, b) => a.x - b.x);
  const bins: { x: number; y: number; count: number }[] = [];
  const size = Math.max(1, Math.ceil(pairs.length / BINS));
  for (let start = 0; start < pairs.length; start += size) {
    const members = pairs.slice(start, start + size);
    bins.push({
      x: mean(members.map(({ x }) => x)),
      y: mean(members.map(({ y }) => y)),
      count: members.length,
    });
    pool(bins);
  }
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined) return { x: [0, 1], y: [0, 1] };
  // Beyond the outer bins there is no evidence: the curve goes on to halfway between them and certainty, so that
  // order is kept but nothing is ever called certain.
  const x = [first.x - TAIL, ...bins.map((bin) => bin.x), last.x + TAIL];
  const y = [first.y / 2, ...bins.map((bin) => bin.y), (1 + last.y) / 2];
  return risingCurve(x, y);
}

function pool(bins: { x: number; y: number; count: number }[]): void {
  for (;;) {
    const [before, last] = [bins.at(-2), bins.at(-1)];
    if (before === undefined || last === undefined || before.y < last.y) return;
    const count = before.count + last.count;
    const blend = (a: number, b: number) => (a * before.count + b * last.count) / count;
    bins.splice(-2, 2, { x: blend(before.x, last.x), y: blend(before.y, last.y), count });
  }
}

/** Drops points whose x does not rise, so that the curve is a function. */
function risingCurve(x: readonly number[], y: readonly number[]): Curve {
  const kept = x.map((_, k) => k).filter((k) => k === 0 || x[k] > x[k - 1] + 1e-9);
  return { x: kept.map((k) => x[k]), y: kept.map((k) => y[k]) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
