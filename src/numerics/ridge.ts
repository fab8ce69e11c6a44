import { EigenvalueDecomposition, Matrix as MlMatrix } from "ml-matrix";
import { multiply } from "./blas.ts";
import { columnMeans, type Matrix, matrix } from "./matrix.ts";

/** Penalties tried: a factor of about three apart, over the range in which a best one was ever seen. */
export const ridgePenalties = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000] as const;

/** Ridge regressions of several targets on the same features, each with its own penalty. */
export interface RidgeFit {
  /** [features, targets] */
  readonly weights: Matrix;
  /** [targets] */
  readonly intercepts: Float64Array;
  /** [samples, targets] what each sample is predicted to be when it is left out of the fit. */
  readonly leaveOneOut: Matrix;
  /** [targets] */
  readonly penalties: readonly number[];
}

/**
 * Ridge regression on centered features, prepared by one eigendecomposition of their Gram matrix: after it, every
 * target and every penalty costs two matrix products, and leave-one-out predictions are exact and free
 * (Golub, Heath and Wahba 1979): with hat value h_i, loo_i = (fit_i - h_i y_i) / (1 - h_i).
 */
export interface Ridge {
  /** Each column of `targets` [samples, targets] with the penalty of least squared leave-one-out error. */
  fitBest(targets: Matrix, penalties?: readonly number[]): Promise<RidgeFit>;
  /** All columns with one penalty: the one of least squared leave-one-out error in total. */
  fitBestShared(targets: Matrix): Promise<RidgeFit>;
}

/** @param features [samples, features] */
export async function prepareRidge(features: Matrix): Promise<Ridge> {
  const means = columnMeans(features);
  const centered = subtractColumns(features, means);
  const { values, vectors } = symmetricEigen(await multiply(centered, centered, { transposeA: true }));
  const basis = await multiply(centered, vectors);

  async function fitAll(targets: Matrix, penalties: readonly number[], shared = false): Promise<RidgeFit> {
    const targetMeans = columnMeans(targets);
    const projected = await multiply(basis, subtractColumns(targets, targetMeans), { transposeA: true });
    const errors = new Float64Array(targets.columns).fill(Number.POSITIVE_INFINITY);
    const chosen = new Array<number>(targets.columns).fill(penalties[0]);
    const leaveOneOut = matrix(targets.rows, targets.columns);
    for (const penalty of penalties) {
      const candidate = await leaveOneOutAt(basis, values, projected, targets, targetMeans, penalty);
      const ownErrors = squaredErrors(candidate, targets);
      const total = ownErrors.reduce((sum, error) => sum + error, 0);
      const candidateErrors = shared ? ownErrors.fill(total) : ownErrors;
      for (let j = 0; j < targets.columns; j++) {
        if (!(candidateErrors[j] < errors[j])) continue;
        errors[j] = candidateErrors[j];
        chosen[j] = penalty;
        for (let k = j; k < candidate.data.length; k += targets.columns) {
          leaveOneOut.data[k] = candidate.data[k];
        }
      }
    }
    const scaled = matrix(projected.rows, projected.columns);
    for (let k = 0; k < scaled.data.length; k++) {
      const eigenvalue = values[Math.floor(k / scaled.columns)];
      scaled.data[k] = projected.data[k] / (eigenvalue + chosen[k % scaled.columns]);
    }
    const weights = await multiply(vectors, scaled);
    return { weights, intercepts: interceptsOf(weights, means, targetMeans), leaveOneOut, penalties: chosen };
  }

  return {
    fitBest: (targets, penalties = ridgePenalties) => fitAll(targets, penalties),
    fitBestShared: (targets) => fitAll(targets, ridgePenalties, true),
  };
}

async function leaveOneOutAt(
  basis: Matrix,
  eigenvalues: Float64Array,
  projected: Matrix,
  targets: Matrix,
  targetMeans: Float64Array,
  penalty: number,
): Promise<Matrix> {
  const { rows, columns } = basis;
  const scaled = matrix(projected.rows, projected.columns);
  for (let k = 0; k < scaled.data.length; k++) {
    const eigenvalue = eigenvalues[Math.floor(k / scaled.columns)];
    scaled.data[k] = projected.data[k] / (eigenvalue + penalty);
  }
  const fitted = await multiply(basis, scaled);
  const shrink = Float64Array.from(eigenvalues, (eigenvalue) => 1 / (eigenvalue + penalty));
  for (let i = 0; i < rows; i++) {
    // The intercept is not penalized: its own hat value is 1 / samples.
    let hat = 1 / rows;
    for (let j = 0; j < columns; j++) {
      const value = basis.data[i * columns + j];
      hat += value * value * shrink[j];
    }
    const rest = Math.max(1 - hat, 1e-6);
    for (let j = 0; j < targets.columns; j++) {
      const k = i * targets.columns + j;
      const fit = fitted.data[k] + targetMeans[j];
      fitted.data[k] = (fit - hat * targets.data[k]) / rest;
    }
  }
  return fitted;
}

function squaredErrors(predicted: Matrix, targets: Matrix): Float64Array {
  const errors = new Float64Array(targets.columns);
  for (let k = 0; k < targets.data.length; k++) {
    const error = predicted.data[k] - targets.data[k];
    errors[k % targets.columns] += error * error;
  }
  return errors;
}

function interceptsOf(weights: Matrix, means: Float64Array, targetMeans: Float64Array): Float64Array {
  const intercepts = Float64Array.from(targetMeans);
  for (let k = 0; k < weights.data.length; k++) {
    const j = k % weights.columns;
    const mean = means[Math.floor(k / weights.columns)];
    intercepts[j] -= mean * weights.data[k];
  }
  return intercepts;
}

function subtractColumns(source: Matrix, values: Float64Array): Matrix {
  const { rows, columns, data } = source;
  return matrix(
    rows,
    columns,
    data.map((value, k) => value - values[k % columns]),
  );
}

/** Eigenvalues (negative rounding errors set to 0) and eigenvectors as columns. */
export function symmetricEigen(gram: Matrix): { readonly values: Float64Array; readonly vectors: Matrix } {
  const size = gram.rows;
  const wide = new MlMatrix(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      // Averaged with its mirror image: single precision leaves the two halves a rounding apart.
      wide.set(i, j, (gram.data[i * size + j] + gram.data[j * size + i]) / 2);
    }
  }
  const decomposition = new EigenvalueDecomposition(wide, { assumeSymmetric: true });
  const vectors = decomposition.eigenvectorMatrix;
  const flat = matrix(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) flat.data[i * size + j] = vectors.get(i, j);
  return {
    values: Float64Array.from(decomposition.realEigenvalues, (value) => Math.max(value, 0)),
    vectors: flat,
  };
}
