import { type Matrix, row } from "../../numerics/matrix.ts";
import { bestObserved } from "../choose-observed.ts";
import type { Dataset } from "../dataset.ts";
import type { FittedDecision } from "./decision.ts";
import type { FittedHeads } from "./fit-heads.ts";

// The gain over the best single model that may be given up on familiar prompts to be safe on unfamiliar ones.
const KEPT_GAIN = 0.99;
const THRESHOLD_QUANTILES = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

/**
 * The largest threshold that, on left-out training prompts, keeps the share `KEPT_GAIN` of the heads' gain over the
 * best single model when the fallback decides everything below it.
 */
export function chooseThreshold(
  train: Dataset,
  heads: FittedHeads,
  decision: FittedDecision,
  prior: Float64Array,
  fallbackOf: (i: number) => Float64Array,
): number {
  const familiarity = largestInRows(heads.leaveOneOutTaskScores);
  const gains = Array.from(familiarity, (score, i) => {
    const outcomes = row(train.outcomes, i);
    const scores = row(decision.leaveOneOut, i);
    const fallback = fallbackOf(i);
    const single = bestObserved(outcomes, (m) => prior[m]);
    return {
      score,
      gain: bestObserved(outcomes, (m) => scores[m]) - single,
      fallbackGain: bestObserved(outcomes, (m) => fallback[m]) - single,
    };
  }).sort((a, b) => a.score - b.score);
  const total = gains.reduce((sum, { gain }) => sum + gain, 0);
  let chosen = 0;
  for (const quantile of THRESHOLD_QUANTILES) {
    const cut = Math.floor(quantile * (gains.length - 1));
    const kept = gains.reduce((sum, { gain, fallbackGain }, k) => sum + (k < cut ? fallbackGain : gain), 0);
    if (kept >= KEPT_GAIN * total) chosen = cut;
  }
  return (gains[chosen] as { score: number }).score;
}

function largestInRows(source: Matrix): Float64Array {
  return Float64Array.from({ length: source.rows }, (_, i) => Math.max(...row(source, i)));
}
