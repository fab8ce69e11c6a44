import { type Matrix, matrix } from "../../numerics/matrix.ts";

/** The additive two-way model y(i,m) ~ ease_i + ability_m. */
export interface AdditiveFit {
  /** [prompts] */
  readonly ease: Float32Array;
  /** [models] mean 0 over the models that have outcomes; 0, the average, for a model that has none. */
  readonly ability: Float64Array;
}

/** Outcomes taken apart: y(i,m) = ease_i + ability_m + deviation(i,m). */
export interface SplitOutcomes extends AdditiveFit {
  /**
   * [prompts, models] 0 where there is no outcome: a model that was never run on such prompts is expected to do there as
   * it does elsewhere, which did better on hidden outcomes than fitting each model on its own prompts alone.
   */
  readonly deviations: Matrix;
}

/** @param priors [models] how good each model is over all tasks, as `fitPriors` has it */
export function splitOutcomes({ rows, columns, data }: Matrix, priors: Float64Array): SplitOutcomes {
  const mean = priors.reduce((sum, prior) => sum + prior, 0) / priors.length;
  const ability = priors.map((prior) => prior - mean);
  const ease = new Float32Array(rows);
  const deviations = matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    let count = 0;
    for (let m = 0; m < columns; m++) {
      const value = data[i * columns + m];
      if (Number.isNaN(value)) continue;
      sum += value - ability[m];
      count++;
    }
    ease[i] = count === 0 ? 0 : sum / count;
    for (let m = 0; m < columns; m++) {
      const value = data[i * columns + m];
      if (!Number.isNaN(value)) deviations.data[i * columns + m] = value - ease[i] - ability[m];
    }
  }
  return { ease, ability, deviations };
}

// Alternating means converge geometrically; when every model has seen most prompts, after a handful of rounds.
const ROUNDS = 30;

/**
 * Least squares over the observed values by alternating means, every value counting the same.
 * @param outcomes [prompts, models], NaN where there is none
 */
export function fitAdditive({ rows, columns, data }: Matrix): AdditiveFit {
  const ease = new Float64Array(rows);
  const ability = new Float64Array(columns);
  const seen = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) if (!Number.isNaN(data[k])) seen[k % columns] += 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      let count = 0;
      for (let m = 0; m < columns; m++) {
        const value = data[i * columns + m];
        if (Number.isNaN(value)) continue;
        sum += value - ability[m];
        count++;
      }
      ease[i] = count > 0 ? sum / count : 0;
    }
    const sums = new Float64Array(columns);
    for (let k = 0; k < data.length; k++) {
      const value = data[k];
      if (!Number.isNaN(value)) sums[k % columns] = sums[k % columns] + value - ease[Math.floor(k / columns)];
    }
    center(sums, seen, ability);
  }
  return { ease: Float32Array.from(ease), ability };
}

function center(sums: Float64Array, seen: Float64Array, ability: Float64Array): void {
  let total = 0;
  let count = 0;
  for (let m = 0; m < sums.length; m++) {
    if (seen[m] === 0) continue;
    ability[m] = sums[m] / seen[m];
    total += ability[m];
    count++;
  }
  for (let m = 0; m < ability.length; m++) {
    if (seen[m] !== 0) ability[m] -= total / count;
  }
}
