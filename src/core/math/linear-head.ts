/** Several linear functions of the same features. */
export interface LinearHead {
  /** [outputs, features + 1]; the last column is the intercept. */
  readonly weights: Float32Array;
  readonly outputs: number;
}

/** [outputs] @param features [features] */
export function applyHead({ weights, outputs }: LinearHead, features: Float64Array): Float64Array {
  const values = new Float64Array(outputs);
  const { length } = features;
  const columns = length + 1;
  let m = 0;
  // Four outputs at a time, or the processor waits for each addition; the order of each sum stays.
  for (; m + 4 <= outputs; m += 4) {
    const first = m * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    let a = weights[first + length];
    let b = weights[second + length];
    let c = weights[third + length];
    let d = weights[fourth + length];
    for (let j = 0; j < length; j++) {
      const feature = features[j];
      a += weights[first + j] * feature;
      b += weights[second + j] * feature;
      c += weights[third + j] * feature;
      d += weights[fourth + j] * feature;
    }
    values[m] = a;
    values[m + 1] = b;
    values[m + 2] = c;
    values[m + 3] = d;
  }
  for (; m < outputs; m++) {
    const start = m * columns;
    let value = weights[start + length];
    for (let j = 0; j < length; j++) value += weights[start + j] * features[j];
    values[m] = value;
  }
  return values;
}
