import { type Curve, evaluateCurve } from "../core/math/curve.ts";
import { type Matrix, row } from "../numerics/matrix.ts";
import { bestObserved } from "./choose-observed.ts";
import type { Dataset } from "./dataset.ts";

/** How the fit does on its own training prompts, each left out; a first impression that costs nothing. */
export interface LeaveOneOutScores {
  /** Mean outcome of the chosen models, before trust. */
  readonly routed: number;
  /** Mean outcome of always taking the model that is best on average, where it has results. */
  readonly best_on_average: number;
  /** Mean outcome of always having chosen right. */
  readonly oracle: number;
  /** Mean squared error of the calibrated probabilities. */
  readonly brier: number;
}

/** @param decisionScores [prompts, models] @param pCorrect [prompts, models] before calibration */
export function scoreLeaveOneOut(
  { outcomes }: Pick<Dataset, "outcomes">,
  decisionScores: Matrix,
  pCorrect: Matrix,
  calibration: Curve,
  priors: Float64Array,
): LeaveOneOutScores {
  const sums = { routed: 0, best_on_average: 0, oracle: 0 };
  let squares = 0;
  let results = 0;
  for (let i = 0; i < outcomes.rows; i++) {
    const observed = row(outcomes, i);
    const scores = row(decisionScores, i);
    sums.routed += bestObserved(observed, (m) => scores[m]);
    sums.best_on_average += bestObserved(observed, (m) => priors[m]);
    sums.oracle += bestObserved(observed, (m) => observed[m]);
    row(pCorrect, i).forEach((p, m) => {
      if (Number.isNaN(observed[m])) return;
      squares += (evaluateCurve(calibration, p) - observed[m]) ** 2;
      results++;
    });
  }
  return {
    routed: sums.routed / outcomes.rows,
    best_on_average: sums.best_on_average / outcomes.rows,
    oracle: sums.oracle / outcomes.rows,
    brier: squares / results,
  };
}
