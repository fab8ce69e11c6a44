/** Rows of a matrix as int8 with one scale a row: value = int8 * scale[row]. */
export interface QuantizedRows {
  /** Row-major [rows, columns]. */
  readonly values: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
  readonly columns: number;
}

/** Symmetric rounding to the nearest of 255 levels; a row of zeros keeps scale 0. */
export function quantizeRows(matrix: Float32Array, columns: number): QuantizedRows {
  const rows = matrix.length / columns;
  const values = new Int8Array(matrix.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      largest = Math.max(largest, Math.abs(matrix[k]));
    }
    const scale = Math.fround(largest / 127);
    scales[row] = scale;
    if (scale === 0) continue;
    for (let k = row * columns; k < (row + 1) * columns; k++) {
      values[k] = Math.round(matrix[k] / scale);
    }
  }
  return { values, scales, columns };
}

/** Row-major float values of quantized rows. */
export function dequantizeRows({ values, scales, columns }: QuantizedRows): Float32Array<ArrayBuffer> {
  const matrix = new Float32Array(values.length);
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row];
    for (let k = row * columns; k < (row + 1) * columns; k++) matrix[k] = values[k] * scale;
  }
  return matrix;
}
