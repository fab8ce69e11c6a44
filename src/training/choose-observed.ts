import { type Matrix, matrix, row } from "../numerics/matrix.ts";

/**
 * What a router chooses when it may choose only among models whose result is known, the usual convention for
 * incomplete outcomes: a model without a result can neither win nor lose a prompt.
 *
 * Equal scores share the prompt evenly (the expected result of a fair draw), so that the order of models in a file
 * never decides, and a router that knows nothing scores exactly like random choice.
 *
 * @param decisionScore [prompts, models]; NaN is the worst
 * @param outcomes [prompts, models]; NaN where unknown
 * @returns [prompts, models] share of the prompt that goes to each model; each row sums to 1
 */
export function chooseObserved(decisionScore: Matrix, outcomes: Matrix): Matrix {
  const shares = matrix(outcomes.rows, outcomes.columns);
  for (let i = 0; i < outcomes.rows; i++) {
    const scores = row(decisionScore, i);
    const observed = row(outcomes, i);
    let best = Number.NEGATIVE_INFINITY;
    let tied: number[] = [];
    for (let m = 0; m < observed.length; m++) {
      if (Number.isNaN(observed[m])) continue;
      const score = Number.isNaN(scores[m]) ? Number.NEGATIVE_INFINITY : scores[m];
      if (score > best) {
        best = score;
        tied = [m];
      } else if (score === best) tied.push(m);
    }
    for (const m of tied) shares.data[i * shares.columns + m] = 1 / tied.length;
  }
  return shares;
}

/** [prompts] what the choices yield: the sum over models of share times value, where the share is not 0. */
export function yieldOf(shares: Matrix, values: Matrix): Float64Array {
  const yields = new Float64Array(shares.rows);
  for (let i = 0; i < shares.rows; i++) {
    let sum = 0;
    let total = 0;
    for (let k = i * shares.columns; k < (i + 1) * shares.columns; k++) {
      const share = shares.data[k];
      if (share === 0) continue;
      sum += share * values.data[k];
      total += share;
    }
    // Thirds do not sum to exactly 1 in single precision.
    yields[i] = sum / total;
  }
  return yields;
}

/** Outcome of the model with the highest score among those that have an outcome. */
export function bestObserved(outcomes: Float32Array, scoreOf: (m: number) => number): number {
  let best = Number.NEGATIVE_INFINITY;
  let outcome = 0;
  for (let m = 0; m < outcomes.length; m++) {
    if (Number.isNaN(outcomes[m])) continue;
    const score = scoreOf(m);
    if (score > best) {
      best = score;
      outcome = outcomes[m];
    }
  }
  return outcome;
}
