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
  for (let m = 0, start = 0; m < outputs; m++, start += length + 1) {
    let value = weights[start + length] as number;
    for (let j = 0; j < length; j++) value += (weights[start + j] as number) * (features[j] as number);
    values[m] = value;
  }
  return values;
}
