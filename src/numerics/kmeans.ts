import { multiply } from "./blas.ts";
import { type Matrix, normalizeRows, takeRows } from "./matrix.ts";
import { permutation, seededRandom } from "./random.ts";

// Centers hardly move after a dozen rounds, and landmarks need not be an optimum.
const ROUNDS = 12;

export interface Clusters {
  /** [count, dimension] unit vectors. */
  readonly centers: Matrix;
  /** [rows] the center that is nearest to each row. */
  readonly nearestOf: Int32Array;
  /** [count] how many rows have this center as their nearest. */
  readonly sizes: Int32Array;
}

/**
 * Spherical k-means: centers of the rows of unit length, nearest by cosine. Starts from `count` rows drawn with the
 * seed; a center that no row is nearest to stays where it was.
 */
export async function sphericalKMeans(rows: Matrix, count: number, seed: number): Promise<Clusters> {
  const starts = permutation(rows.rows, seededRandom(seed)).subarray(0, Math.min(count, rows.rows));
  let centers = takeRows(rows, starts);
  for (let round = 0; round < ROUNDS; round++) {
    centers = recenter(rows, centers, await nearest(rows, centers));
  }
  const sizes = new Int32Array(centers.rows);
  const nearestOf = await nearest(rows, centers);
  for (const center of nearestOf) sizes[center] += 1;
  return { centers, nearestOf, sizes };
}

async function nearest(rows: Matrix, centers: Matrix): Promise<Int32Array> {
  const cosines = await multiply(rows, centers, { transposeB: true });
  const assigned = new Int32Array(rows.rows);
  for (let i = 0; i < rows.rows; i++) {
    let best = i * cosines.columns;
    for (let k = best + 1; k < (i + 1) * cosines.columns; k++) {
      if (cosines.data[k] > cosines.data[best]) best = k;
    }
    assigned[i] = best - i * cosines.columns;
  }
  return assigned;
}

function recenter(rows: Matrix, before: Matrix, assigned: Int32Array): Matrix {
  const { columns } = rows;
  const sums = { ...before, data: new Float32Array(before.data.length) };
  const empty = new Uint8Array(before.rows).fill(1);
  for (let i = 0; i < rows.rows; i++) {
    const center = assigned[i];
    empty[center] = 0;
    for (let j = 0; j < columns; j++) {
      const k = center * columns + j;
      sums.data[k] += rows.data[i * columns + j];
    }
  }
  for (let center = 0; center < before.rows; center++) {
    if (empty[center])
      sums.data.set(before.data.subarray(center * columns, (center + 1) * columns), center * columns);
  }
  return normalizeRows(sums);
}
