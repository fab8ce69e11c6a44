import type { Curve } from "../../core/math/curve.ts";
import type { Matrix } from "../../numerics/matrix.ts";

// Enough bins to bend the curve where it must, few enough that each holds thousands of outcomes.
const BINS = 20;
const TAIL = 0.5;
// Of prompts that are hardly familiar next to nothing can be learned, but no division by 0 either.
const LEAST_SHARE = 1e-3;

/** What a calibrated probability is blended with before it is told. */
export interface Blend {
  /** [prompts] its share. */
  readonly trust: Float64Array;
  /** [prompts, models] what the rest is taken from. */
  readonly fallback: Matrix;
}

/**
 * A rising curve from raw to calibrated probability: mean outcome of left-out predictions in bins of equal count,
 * neighbors that fall merged (isotonic regression by pooling). It is the blend u + s (curve - u) that has to be right, so
 * that the curve is fitted to (outcome - (1 - s) u) / s, with the weight s^2 that makes this least squares of the blend.
 * @param predicted [prompts, models] leave-one-out predictions
 * @param outcomes [prompts, models], NaN where there is none
 */
export function fitCalibration(predicted: Matrix, outcomes: Matrix, { trust, fallback }: Blend): Curve {
  const pairs: { x: number; y: number; weight: number }[] = [];
  for (let k = 0; k < outcomes.data.length; k++) {
    const y = outcomes.data[k];
    if (Number.isNaN(y)) continue;
    const share = Math.max(trust[Math.floor(k / outcomes.columns)], LEAST_SHARE);
    const own = (y - (1 - share) * fallback.data[k]) / share;
    pairs.push({ x: predicted.data[k], y: own, weight: share ** 2 });
  }
  pairs.sort((a, b) => a.x - b.x);
  const bins: Bin[] = [];
  const size = Math.max(1, Math.ceil(pairs.length / BINS));
  for (let start = 0; start < pairs.length; start += size) {
    let bin: Bin = { x: 0, y: 0, weight: 0 };
    for (const pair of pairs.slice(start, start + size)) bin = merge(bin, pair);
    bins.push({ ...bin, y: Math.min(Math.max(bin.y, 0), 1) });
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

interface Bin {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

function merge(a: Bin, b: Bin): Bin {
  const weight = a.weight + b.weight;
  const share = b.weight / weight;
  return { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y), weight };
}

function pool(bins: Bin[]): void {
  for (;;) {
    const [before, last] = [bins.at(-2), bins.at(-1)];
    if (before === undefined || last === undefined || before.y < last.y) return;
    bins.splice(-2, 2, merge(before, last));
  }
}

/** Drops points whose x does not rise, so that the curve is a function. */
function risingCurve(x: readonly number[], y: readonly number[]): Curve {
  const kept = x.map((_, k) => k).filter((k) => k === 0 || x[k] > x[k - 1] + 1e-9);
  return { x: kept.map((k) => x[k]), y: kept.map((k) => y[k]) };
}
