/** A linear function of the features for every model at once. */
export interface LinearHead {
  /** [models, features + 1]; the last column is the intercept. */
  readonly weights: Float32Array;
  readonly models: number;
}

/** [models] values of the head. @param features [features] */
export function applyHead({ weights, models }: LinearHead, features: Float64Array): Float64Array {
  const values = new Float64Array(models);
  const width = features.length + 1;
  for (let m = 0; m < models; m++) {
    const start = m * width;
    let value = weights[start + features.length] as number;
    for (let j = 0; j < features.length; j++)
      value += (weights[start + j] as number) * (features[j] as number);
    values[m] = value;
  }
  return values;
}
