import { multiply } from "../../numerics/blas.ts";
import { type Matrix, row, takeRows } from "../../numerics/matrix.ts";
import { emptyNearest, insertNearest, ranksOf } from "../../numerics/nearest.ts";
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
  const found = emptyNearest(test.rows * kept);
  const ranks = ranksOf(train.textKeys);
  for (let start = 0; start < test.rows; start += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, test.rows - start);
    const block = takeRows(
      test,
      Int32Array.from({ length: rows }, (_, i) => start + i),
    );
    const products = await multiply(block, train.embeddings, { transposeB: true });
    for (let i = 0; i < rows; i++) {
      const first = (start + i) * kept;
      row(products, i).forEach((cosine, j) => {
        insertNearest(found, first, first + kept, j, cosine, ranks);
      });
    }
  }
  return { count: kept, indices: found.indices, cosines: found.values };
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
