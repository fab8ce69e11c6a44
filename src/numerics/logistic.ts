import { Matrix as MlMatrix, solve } from "ml-matrix";

/** Keeps weights finite where a plane tells all samples apart, and too small to matter elsewhere. */
const PENALTY = 1e-5;
const ROUNDS = 30;
const CONVERGED = 1e-8;

/** Samples of a regression, one after another. */
export interface WeightedSamples {
  /** [samples, features], the first usually 1 throughout */
  readonly features: Float64Array;
  /** [samples] in [0, 1] */
  readonly targets: Float64Array;
  /** [samples] summing to about 1 */
  readonly weights: Float64Array;
}

/** Logistic regression by Newton's method: [features] weights, and their mean log loss. */
export function fitLogistic(
  { features, targets, weights }: WeightedSamples,
  columns: number,
): { readonly coefficients: Float64Array; readonly loss: number } {
  const coefficients = new Float64Array(columns);
  let loss = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = MlMatrix.zeros(columns, 1);
    const hessian = MlMatrix.eye(columns, columns, PENALTY);
    const before = loss;
    loss = 0;
    for (let j = 0; j < columns; j++) gradient.set(j, 0, -PENALTY * coefficients[j]);
    for (let i = 0; i < targets.length; i++) {
      const p = 1 / (1 + Math.exp(-dot(features, i * columns, coefficients)));
      loss -= weights[i] * crossEntropy(targets[i], p);
      for (let j = 0; j < columns; j++) {
        const x = features[i * columns + j];
        gradient.set(j, 0, gradient.get(j, 0) + weights[i] * (targets[i] - p) * x);
        for (let k = 0; k < columns; k++) {
          const y = features[i * columns + k];
          hessian.set(j, k, hessian.get(j, k) + weights[i] * p * (1 - p) * x * y);
        }
      }
    }
    if (Math.abs(before - loss) < CONVERGED) break;
    const step = solve(hessian, gradient);
    for (let j = 0; j < columns; j++) coefficients[j] += step.get(j, 0);
  }
  return { coefficients, loss };
}

function dot(features: Float64Array, start: number, coefficients: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < coefficients.length; j++) sum += features[start + j] * coefficients[j];
  return sum;
}

function crossEntropy(target: number, p: number): number {
  const [least, most] = [1e-12, 1 - 1e-12];
  const q = Math.min(Math.max(p, least), most);
  return target * Math.log(q) + (1 - target) * Math.log(1 - q);
}
