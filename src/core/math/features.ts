import { applyHead, type LinearHead } from "./linear-head.ts";

/** Where the landmarks lie in embedding space, and how kernels of them tell the benchmark tasks apart. */
export interface FeatureMap {
  /** [landmarks, dimension] unit vectors. */
  readonly landmarks: Float32Array;
  readonly dimension: number;
  /** Sharpness of the kernel exp(gamma (cosine - 1)). */
  readonly gamma: number;
  /** Kernels -> one score a task: near 1 where the prompt looks like the task, near 0 elsewhere. */
  readonly taskHead: LinearHead;
}

/** What the heads see of one prompt. */
export interface Features {
  /** Cosine to the nearest landmark. */
  readonly nearestLandmark: number;
  /** [landmarks] */
  readonly kernels: Float64Array;
  /** [tasks] 1 where the prompt looks just like a task's prompts, 0 where it looks like none of them. */
  readonly taskScores: Float64Array;
  /** [landmarks + tasks] the kernels, then the memberships. */
  readonly values: Float64Array;
  /** [tasks] how much the prompt belongs to each benchmark task, summing to 1. */
  readonly memberships: Float64Array;
}

/** @param embedding [dimension], of unit length */
export function featuresOf({ landmarks, gamma, taskHead }: FeatureMap, embedding: Float32Array): Features {
  const cosines = dotRows(landmarks, embedding);
  const kernels = cosines.map((cosine) => landmarkKernel(cosine, gamma));
  const taskScores = applyHead(taskHead, kernels);
  const memberships = taskMemberships(taskScores);
  const values = new Float64Array(kernels.length + memberships.length);
  values.set(kernels);
  values.set(memberships, kernels.length);
  return { nearestLandmark: Math.max(...cosines), kernels, taskScores, values, memberships };
}

export function landmarkKernel(cosine: number, gamma: number): number {
  return Math.exp(gamma * (cosine - 1));
}

// A prompt that looks like no task still belongs to all of them a little, so that memberships sum to 1.
const SMALLEST_SCORE = 1e-3;

/** Task scores, or cosines to tasks, -> memberships: squared, so that a clear winner counts for more, and normalized. */
export function taskMemberships(scores: ArrayLike<number>): Float64Array {
  const squares = Float64Array.from(scores, (score) => Math.max(score, SMALLEST_SCORE) ** 2);
  const sum = squares.reduce((total, value) => total + value, 0);
  return squares.map((value) => value / sum);
}

/** Dot product of each row with the vector. Four sums at a time, or the processor waits for each addition. */
export function dotRows(rows: Float32Array, vector: Float32Array): Float64Array {
  const { length } = vector;
  const products = new Float64Array(rows.length / length);
  for (let i = 0, start = 0; i < products.length; i++, start += length) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < length; j += 4) {
      const k = start + j;
      a += rows[k] * vector[j];
      b += rows[k + 1] * vector[j + 1];
      c += rows[k + 2] * vector[j + 2];
      d += rows[k + 3] * vector[j + 3];
    }
    products[i] = a + b + c + d;
  }
  return products;
}
