import type { Matrix } from "../../numerics/matrix.ts";

export interface ReliabilityBin {
  /** Mean predicted probability in the bin. */
  readonly predicted: number;
  /** Mean outcome in the bin. */
  readonly observed: number;
  readonly count: number;
}

export interface Calibration {
  /** Mean squared difference of probability and outcome. */
  readonly brier: number;
  /** Expected calibration error: mean |predicted - observed| over the bins, weighted by their counts. */
  readonly ece: number;
  /** Share of results where "probability above one half" and "score above one half" agree: accuracy of gbar. */
  readonly accuracy: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** Bins of equal width; 15 is the number most papers on calibration use (Guo et al. 2017, arXiv 1706.04599). */
const BINS = 15;

/** Over all known results that the router gives a probability for. @param pCorrect [prompts, models] @param outcomes [prompts, models] */
export function measureCalibration(pCorrect: Matrix, outcomes: Matrix): Calibration {
  const predicted = new Float64Array(BINS);
  const observed = new Float64Array(BINS);
  const counts = new Float64Array(BINS);
  let squared = 0;
  let agreements = 0;
  let results = 0;
  for (let k = 0; k < outcomes.data.length; k++) {
    const outcome = outcomes.data[k];
    const probability = pCorrect.data[k];
    if (Number.isNaN(outcome) || Number.isNaN(probability)) continue;
    const p = Math.min(Math.max(probability, 0), 1);
    const bin = Math.min(Math.floor(p * BINS), BINS - 1);
    predicted[bin] += p;
    observed[bin] += outcome;
    counts[bin] += 1;
    squared += (p - outcome) ** 2;
    if (p > 0.5 === outcome > 0.5) agreements++;
    results++;
  }
  const gap = predicted.reduce((sum, value, bin) => sum + Math.abs(value - observed[bin]), 0);
  const reliability = Array.from(counts, (count, bin) => ({
    predicted: predicted[bin] / count,
    observed: observed[bin] / count,
    count,
  })).filter(({ count }) => count > 0);
  return { brier: squared / results, ece: gap / results, accuracy: agreements / results, reliability };
}
