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
    let a = weights[first + length] as number;
    let b = weights[second + length] as number;
    let c = weights[third + length] as number;
    let d = weights[fourth + length] as number;
    for (let j = 0; j < length; j++) {
      const feature = features[j] as number;
      a += (weights[first + j] as number) * feature;
      b += (weights[second + j] as number) * feature;
      c += (weights[third + j] as number) * feature;
      d += (weights[fourth + j] as number) * feature;
    }
    values[m] = a;
    values[m + 1] = b;
    values[m + 2] = c;
    values[m + 3] = d;
  }
  for (; m < outputs; m++) {
    const start = m * columns;
    let value = weights[start + length] as number;
    for (let j = 0; j < length; j++) value += (weights[start + j] as number) * (features[j] as number);
    values[m] = value;
  }
  return values;
}
