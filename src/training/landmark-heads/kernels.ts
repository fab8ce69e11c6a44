import { landmarkKernel } from "../../core/math/features.ts";
import { dequantizeRows, type QuantizedRows, quantizeRows } from "../../core/math/quantize.ts";
import { multiply } from "../../numerics/blas.ts";
import { sphericalKMeans } from "../../numerics/kmeans.ts";
import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { symmetricEigen } from "../../numerics/ridge.ts";

export interface KernelOptions {
  /** Most landmarks; small training sets get one per `PROMPTS_PER_LANDMARK` prompts. */
  readonly landmarks: number;
  readonly gamma: number;
  readonly seed: number;
}

/** Landmarks, and the whitening that turns their kernels into features on which ridge is kernel ridge. */
export interface FittedKernels {
  readonly landmarks: QuantizedRows;
  /** [landmarks, dimension] the values of the quantized rows: training sees the very numbers that serving sees. */
  readonly centers: Matrix;
  readonly gamma: number;
  /** [landmarks, landmarks] K^(-1/2) of the landmarks' own kernels (Nystrom; Williams and Seeger 2001). */
  readonly whitening: Matrix;
  /** [prompts] the landmark that each training prompt is nearest to, and had a part in. */
  readonly landmarkOf: Int32Array;
}

// With fewer prompts to a landmark, landmarks are single prompts, and leave-one-out predictions flatter.
const PROMPTS_PER_LANDMARK = 4;
// Directions in which the landmarks hardly differ carry rounding noise; the floor keeps their weights below 320.
const SMALLEST_EIGENVALUE = 1e-5;

/** Landmarks are the k-means centers of the training embeddings. */
export async function fitKernels(
  embeddings: Matrix,
  { landmarks, gamma, seed }: KernelOptions,
): Promise<FittedKernels> {
  const count = Math.max(1, Math.min(landmarks, Math.floor(embeddings.rows / PROMPTS_PER_LANDMARK)));
  const clusters = await sphericalKMeans(embeddings, count, seed);
  const rows = quantizeRows(clusters.centers.data, embeddings.columns);
  const centers = matrix(count, embeddings.columns, dequantizeRows(rows));
  const { values, vectors } = symmetricEigen(await kernelsTo(centers, gamma, centers));
  const scaled = matrix(count, count);
  for (let k = 0; k < scaled.data.length; k++) {
    const eigenvalue = Math.max(values[k % count], SMALLEST_EIGENVALUE);
    scaled.data[k] = vectors.data[k] / Math.sqrt(eigenvalue);
  }
  return { landmarks: rows, centers, gamma, whitening: scaled, landmarkOf: clusters.nearestOf };
}

/** [rows, landmarks] kernels of the rows to the landmarks, as `featuresOf` in core computes them. */
export async function kernelsTo(centers: Matrix, gamma: number, rows: Matrix): Promise<Matrix> {
  const cosines = await multiply(rows, centers, { transposeB: true });
  const { data } = cosines;
  for (let k = 0; k < data.length; k++) data[k] = landmarkKernel(data[k], gamma);
  return cosines;
}

/** [rows, landmarks] whitened kernels: what ridge is fitted on. */
export async function whitenedKernels(kernels: FittedKernels, rows: Matrix): Promise<Matrix> {
  return multiply(await kernelsTo(kernels.centers, kernels.gamma, rows), kernels.whitening);
}

/**
 * Weights on whitened kernels (and further features) -> weights on the plain ones, so that serving needs no whitening.
 * @param weights [landmarks + further, outputs]
 */
export async function foldWhitening({ whitening }: FittedKernels, weights: Matrix): Promise<Matrix> {
  const split = whitening.columns * weights.columns;
  const ofKernels = matrix(whitening.columns, weights.columns, weights.data.slice(0, split));
  const folded = await multiply(whitening, ofKernels);
  const all = matrix(weights.rows, weights.columns, weights.data.slice());
  all.data.set(folded.data);
  return all;
}
