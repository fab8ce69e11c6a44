/**
 * Solves A x = b for a symmetric positive definite matrix and several right-hand sides, in double precision.
 * @param square [size, size] row-major; only its lower half is read
 * @param right [size, columns] row-major; overwritten with the solution
 */
export function solvePositiveDefinite(square: Float64Array, right: Float64Array): Float64Array {
  const size = Math.sqrt(square.length);
  const columns = right.length / size;
  const factor = choleskyFactor(square, size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtractRow(right, columns, i, k, factor[i * size + k] as number);
    divideRow(right, columns, i, factor[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtractRow(right, columns, i, k, factor[k * size + i] as number);
    divideRow(right, columns, i, factor[i * size + i] as number);
  }
  return right;
}

/** Lower triangular L with L L' = A. */
function choleskyFactor(square: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(square.length);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = square[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
      if (i !== j) factor[i * size + j] = sum / (factor[j * size + j] as number);
      else if (sum > 0) factor[i * size + i] = Math.sqrt(sum);
      else throw new RangeError("the matrix is not positive definite");
    }
  }
  return factor;
}

function subtractRow(
  rows: Float64Array,
  columns: number,
  target: number,
  source: number,
  factor: number,
): void {
  if (factor === 0) return;
  const [to, from] = [target * columns, source * columns];
  for (let c = 0; c < columns; c++)
    rows[to + c] = (rows[to + c] as number) - factor * (rows[from + c] as number);
}

function divideRow(rows: Float64Array, columns: number, index: number, divisor: number): void {
  for (let c = index * columns; c < (index + 1) * columns; c++) rows[c] = (rows[c] as number) / divisor;
}
