/** A row-major single-precision matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array<ArrayBuffer>;
}

export function matrix(
  rows: number,
  columns: number,
  data: Float32Array<ArrayBuffer> = new Float32Array(rows * columns),
): Matrix {
  if (data.length !== rows * columns)
    throw new RangeError(`${data.length} values are not ${rows} x ${columns}`);
  return { rows, columns, data };
}

/** A view of one row, not a copy. */
export function row({ data, columns }: Matrix, index: number): Float32Array<ArrayBuffer> {
  return data.subarray(index * columns, (index + 1) * columns);
}

/** @param taken [indices, columns] is filled and returned, where one is given; its old values don't matter */
export function takeRows(
  source: Matrix,
  indices: ArrayLike<number>,
  taken: Matrix = matrix(indices.length, source.columns),
): Matrix {
  for (let i = 0; i < indices.length; i++) taken.data.set(row(source, indices[i]), i * source.columns);
  return taken;
}

export function takeColumns(source: Matrix, indices: ArrayLike<number>): Matrix {
  const taken = matrix(source.rows, indices.length);
  for (let i = 0; i < source.rows; i++) {
    for (let j = 0; j < indices.length; j++) {
      taken.data[i * indices.length + j] = source.data[i * source.columns + indices[j]] as number;
    }
  }
  return taken;
}

/** The matrices side by side. */
export function besides(...parts: readonly Matrix[]): Matrix {
  const rows = parts[0]?.rows ?? 0;
  const joined = matrix(
    rows,
    parts.reduce((sum, { columns }) => sum + columns, 0),
  );
  for (let i = 0; i < rows; i++) {
    let offset = i * joined.columns;
    for (const part of parts) {
      joined.data.set(row(part, i), offset);
      offset += part.columns;
    }
  }
  return joined;
}

/** [columns] means in double precision. */
export function columnMeans({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) means[k % columns] += data[k];
  return means.map((sum) => sum / Math.max(rows, 1));
}

/** Scales each row to unit length, in place; rows of zeros stay. */
export function normalizeRows(source: Matrix): Matrix {
  for (let i = 0; i < source.rows; i++) {
    const values = row(source, i);
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    if (norm > 0) for (let j = 0; j < values.length; j++) values[j] /= norm;
  }
  return source;
}
