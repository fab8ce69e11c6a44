/** Independent normal weights, before anything was observed. */
export interface Prior {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** One linear observation: target ~ row . weights + noise. */
export interface Observation {
  readonly row: Float64Array;
  readonly target: number;
  /** Of the noise. */
  readonly variance: number;
}

/** What is believed of the weights afterwards. */
export interface Posterior {
  readonly means: Float64Array;
  /** Variance of row . weights, as far as it comes from not knowing the weights. */
  varianceOf(row: Float64Array): number;
}

/**
 * Bayesian linear regression by one Cholesky factorization: (V^-1 + sum r r' / s^2) w = V^-1 m + sum r y / s^2. A weight
 * whose prior variance is 0 keeps its prior mean.
 */
export function posteriorOf({ means, variances }: Prior, observations: readonly Observation[]): Posterior {
  const size = means.length;
  // In weights scaled to unit prior variance, the matrix is the identity plus what was observed: never singular.
  const scales = variances.map(Math.sqrt);
  const precision = new Float64Array(size * size);
  const pull = new Float64Array(size);
  for (let j = 0; j < size; j++) precision[j * size + j] = 1;
  for (const { row, target, variance } of observations) {
    const scaled = row.map((value, j) => value * scales[j]);
    const surprise = (target - dot(row, means)) / variance;
    for (let j = 0; j < size; j++) {
      if (scaled[j] === 0) continue;
      pull[j] += scaled[j] * surprise;
      const factor = scaled[j] / variance;
      for (let k = 0; k <= j; k++) precision[j * size + k] += factor * scaled[k];
    }
  }
  factorize(precision, size);
  const shift = solveUpper(precision, solveLower(precision, pull));
  return {
    means: means.map((mean, j) => mean + scales[j] * shift[j]),
    varianceOf(row) {
      const half = solveLower(
        precision,
        row.map((value, j) => value * scales[j]),
      );
      return dot(half, half);
    },
  };
}

/** In place: the lower triangle of a positive definite matrix becomes its Cholesky factor. */
export function factorize(matrix: Float64Array, size: number): void {
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = matrix[j * size + k];
      for (let i = 0; i < k; i++) sum -= matrix[j * size + i] * matrix[k * size + i];
      matrix[j * size + k] = j === k ? Math.sqrt(sum) : sum / matrix[k * size + k];
    }
  }
}

/** L x = b */
export function solveLower(factor: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const x = Float64Array.from(b);
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < j; k++) x[j] -= factor[j * size + k] * x[k];
    x[j] /= factor[j * size + j];
  }
  return x;
}

/** L' x = b */
export function solveUpper(factor: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const x = Float64Array.from(b);
  for (let j = size - 1; j >= 0; j--) {
    for (let k = j + 1; k < size; k++) x[j] -= factor[k * size + j] * x[k];
    x[j] /= factor[j * size + j];
  }
  return x;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
