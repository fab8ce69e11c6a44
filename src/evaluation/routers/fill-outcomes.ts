import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { fitAdditive } from "../../training/landmark-heads/difficulty.ts";

/**
 * The outcomes with the additive fit (ease of the prompt + ability of the model), kept in [0, 1], in place of every
 * NaN; 0 for a model without any result.
 */
export function fillOutcomes(outcomes: Matrix): Matrix {
  if (!outcomes.data.some((outcome) => Number.isNaN(outcome))) return outcomes;
  const { ease, ability } = fitAdditive(outcomes);
  const filled = matrix(outcomes.rows, outcomes.columns, outcomes.data.slice());
  for (let k = 0; k < filled.data.length; k++) {
    if (!Number.isNaN(filled.data[k])) continue;
    const value = ease[Math.floor(k / outcomes.columns)] + ability[k % outcomes.columns];
    filled.data[k] = Number.isNaN(value) ? 0 : Math.min(Math.max(value, 0), 1);
  }
  return filled;
}
