// Enough for the leading directions to settle; what is left counts as residual variance anyway.
const ITERATIONS = 12;

/**
 * Leading eigenvectors of the covariance of centered rows, each times the square root of its eigenvalue, by
 * orthogonal iteration; row-major [count, columns].
 */
export function principalComponents(rows: readonly Float32Array[], count: number): Float32Array {
  const columns = rows[0]?.length ?? 0;
  let basis = orthonormal(Array.from({ length: count }, (_, k) => startVector(columns, k)));
  let lengths = new Float64Array(count);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const images = basis.map(() => new Float64Array(columns));
    for (const row of rows) {
      for (let k = 0; k < count; k++) {
        addScaled(images[k] as Float64Array, row, dot(basis[k] as Float64Array, row) / rows.length);
      }
    }
    lengths = Float64Array.from(images, (image, k) => Math.max(dot(image, basis[k] as Float64Array), 0));
    basis = iteration + 1 < ITERATIONS ? orthonormal(images) : basis;
  }
  const components = new Float32Array(count * columns);
  basis.forEach((vector, k) => {
    components.set(
      vector.map((value) => value * Math.sqrt(lengths[k])),
      k * columns,
    );
  });
  return components;
}

/** Gram-Schmidt, twice over each vector for accuracy. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of done) addScaled(vector, other, -dot(vector, other));
    }
    const length = Math.sqrt(dot(vector, vector)) || 1;
    done.push(vector.map((value) => value / length));
  }
  return done;
}

function dot(a: Float64Array, b: Float64Array | Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function addScaled(target: Float64Array, vector: Float64Array | Float32Array, factor: number): void {
  for (let k = 0; k < target.length; k++) target[k] += factor * vector[k];
}

/** A fixed pseudo-random vector (a linear congruential generator), so that calibration is repeatable. */
function startVector(columns: number, seed: number): Float64Array {
  let state = seed + 1;
  return Float64Array.from({ length: columns }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}
