import { multiply } from "./blas.ts";
import { type Matrix, normalizeRows, takeRows } from "./matrix.ts";
import { permutation, seededRandom } from "./random.ts";

// Centres hardly move after a dozen rounds, and landmarks need not be an optimum.
const ROUNDS = 12;

export interface Clusters {
  /** [count, dimension] unit vectors. */
  readonly centres: Matrix;
  /** [count] how many rows have this centre as their nearest. */
  readonly sizes: Int32Array;
}

/**
 * Spherical k-means: centres of the rows of unit length, nearest by cosine. Starts from `count` rows drawn with the
 * seed; a centre that no row is nearest to stays where it was.
 */
export async function sphericalKMeans(rows: Matrix, count: number, seed: number): Promise<Clusters> {
  const starts = permutation(rows.rows, seededRandom(seed)).subarray(0, Math.min(count, rows.rows));
  let centres = takeRows(rows, starts);
  for (let round = 0; round < ROUNDS; round++) {
    centres = recentre(rows, centres, await nearest(rows, centres));
  }
  const sizes = new Int32Array(centres.rows);
  for (const centre of await nearest(rows, centres)) sizes[centre] = (sizes[centre] as number) + 1;
  return { centres, sizes };
}

async function nearest(rows: Matrix, centres: Matrix): Promise<Int32Array> {
  const cosines = await multiply(rows, centres, { transposeB: true });
  const assigned = new Int32Array(rows.rows);
  for (let i = 0; i < rows.rows; i++) {
    let best = i * cosines.columns;
    for (let k = best + 1; k < (i + 1) * cosines.columns; k++) {
      if ((cosines.data[k] as number) > (cosines.data[best] as number)) best = k;
    }
    assigned[i] = best - i * cosines.columns;
  }
  return assigned;
}

function recentre(rows: Matrix, before: Matrix, assigned: Int32Array): Matrix {
  const { columns } = rows;
  const sums = { ...before, data: new Float32Array(before.data.length) };
  const empty = new Uint8Array(before.rows).fill(1);
  for (let i = 0; i < rows.rows; i++) {
    const centre = assigned[i] as number;
    empty[centre] = 0;
    for (let j = 0; j < columns; j++) {
      const k = centre * columns + j;
      sums.data[k] = (sums.data[k] as number) + (rows.data[i * columns + j] as number);
    }
  }
  for (let centre = 0; centre < before.rows; centre++) {
    if (empty[centre])
      sums.data.set(before.data.subarray(centre * columns, (centre + 1) * columns), centre * columns);
  }
  return normalizeRows(sums);
}
