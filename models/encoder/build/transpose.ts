/** Row-major [rows, columns] to [columns, rows]. */
export function transpose<T extends Float32Array | Int8Array>(matrix: T, columns: number): T {
  const rows = matrix.length / columns;
  const result = matrix.slice() as T;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = matrix[row * columns + column];
    }
  }
  return result;
}
