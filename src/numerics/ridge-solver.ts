import { type Matrix, matrix } from "./matrix.ts";

/**
 * Solves (gram + penalty I) weights = products by Cholesky's decomposition, for many columns at once. The last feature is
 * the constant 1 and is not penalized.
 * @param gram [features, features] in rows @param products [features, targets]
 */
export function solveRidge(gram: Float64Array, products: Matrix, penalty: number): Matrix {
  const size = products.rows;
  const lower = Float64Array.from(gram);
  for (let j = 0; j < size - 1; j++) lower[j * size + j] += penalty;
  decompose(lower, size);
  const { columns } = products;
  const solved = Float64Array.from(products.data);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtractRow(solved, columns, i, k, lower[i * size + k]);
    divideRow(solved, columns, i, lower[i * size + i]);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtractRow(solved, columns, i, k, lower[k * size + i]);
    divideRow(solved, columns, i, lower[i * size + i]);
  }
  return matrix(size, columns, Float32Array.from(solved));
}

/** Lower triangle of the matrix -> that of its Cholesky factor, in place. */
function decompose(lower: Float64Array, size: number): void {
  // Directions that rounding leaves below nothing are as good as absent.
  const least = 1e-9;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * size + j];
      for (let k = 0; k < j; k++) sum -= lower[i * size + k] * lower[j * size + k];
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, least)) : sum / lower[j * size + j];
    }
  }
}

function subtractRow(data: Float64Array, columns: number, to: number, from: number, factor: number): void {
  const [a, b] = [to * columns, from * columns];
  for (let c = 0; c < columns; c++) data[a + c] -= factor * data[b + c];
}

function divideRow(data: Float64Array, columns: number, at: number, divisor: number): void {
  for (let c = at * columns; c < (at + 1) * columns; c++) data[c] /= divisor;
}
