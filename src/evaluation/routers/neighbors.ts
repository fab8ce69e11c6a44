import { multiply } from "../../numerics/blas.ts";
import { type Matrix, takeRows } from "../../numerics/matrix.ts";
import type { Dataset } from "../../training/dataset.ts";

/** The nearest training prompts of each test prompt, nearest first. */
export interface Neighbors {
  readonly count: number;
  /** [prompts, count] rows of the training data. */
  readonly indices: Int32Array;
  /** [prompts, count] cosines. */
  readonly cosines: Float32Array;
}

/** Enough for every router here; one search serves them all. */
export const MOST_NEIGHBORS = 100;
// Cosines of this many test prompts at a time: some 40 MB against a large suite.
const BLOCK_ROWS = 512;

/** Exact search by cosine. Equal cosines go to the smaller text key, not to the earlier line of a file. */
export async function findNeighbors(test: Matrix, train: Dataset, count: number): Promise<Neighbors> {
  const kept = Math.min(count, train.embeddings.rows);
  const indices = new Int32Array(test.rows * kept);
  const cosines = new Float32Array(test.rows * kept);
  for (let start = 0; start < test.rows; start += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, test.rows - start);
    const block = takeRows(
      test,
      Int32Array.from({ length: rows }, (_, i) => start + i),
    );
    const products = await multiply(block, train.embeddings, { transposeB: true });
    for (let i = 0; i < rows; i++) {
      const offset = (start + i) * kept;
      selectLargest(
        products.data.subarray(i * products.columns, (i + 1) * products.columns),
        train.textKeys,
        indices.subarray(offset, offset + kept),
        cosines.subarray(offset, offset + kept),
      );
    }
  }
  return { count: kept, indices, cosines };
}

/** Fills `best` with the positions of the largest values by insertion: most values fail the first comparison. */
function selectLargest(
  values: Float32Array,
  keys: readonly string[],
  best: Int32Array,
  bestValues: Float32Array,
): void {
  const size = best.length;
  let filled = 0;
  for (let j = 0; j < values.length; j++) {
    const value = values[j];
    if (filled === size && value < bestValues[size - 1]) continue;
    const before = (k: number) =>
      value > bestValues[k] || (value === bestValues[k] && (keys[j] as string) < (keys[best[k]] as string));
    if (filled === size && !before(size - 1)) continue;
    let k = filled === size ? size - 1 : filled++;
    for (; k > 0 && before(k - 1); k--) {
      best[k] = best[k - 1];
      bestValues[k] = bestValues[k - 1];
    }
    best[k] = j;
    bestValues[k] = value;
  }
}

const searches = new WeakMap<Dataset, WeakMap<Dataset, Promise<Neighbors>>>();

/** The search of `findNeighbors`, done once for each pair of datasets. */
export function sharedNeighbors(test: Dataset, train: Dataset): Promise<Neighbors> {
  const ofTrain = searches.get(train) ?? new WeakMap<Dataset, Promise<Neighbors>>();
  searches.set(train, ofTrain);
  const known = ofTrain.get(test);
  if (known !== undefined) return known;
  const search = findNeighbors(test.embeddings, train, MOST_NEIGHBORS);
  ofTrain.set(test, search);
  return search;
}
