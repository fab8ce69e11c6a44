import { multiply } from "../../numerics/blas.ts";
import { row, takeRows } from "../../numerics/matrix.ts";
import type { Dataset } from "../../training/dataset.ts";

/** As many of each group as the task distance averages over: enough after any group is taken out. */
const NEIGHBORS_PER_GROUP = 19;
const BLOCK_ROWS = 512;

/**
 * The nearest prompts of every other group, for each prompt, nearest first. Whatever further group is left out, the
 * nearest 19 of the rest are among them, so that one search serves all the paper's experiments.
 */
export interface TaskNeighbors {
  /** [prompts, count]; -1 past the end. */
  readonly indices: Int32Array;
  readonly cosines: Float32Array;
  readonly count: number;
}

/** @param groupOf [prompts] group of each; prompts with the text of a prompt of one's own group are no neighbors */
export async function findTaskNeighbors(dataset: Dataset, groupOf: Int32Array): Promise<TaskNeighbors> {
  const { embeddings, textKeys } = dataset;
  const groups = groupOf.reduce((most, group) => Math.max(most, group), -1) + 1;
  const count = groups * NEIGHBORS_PER_GROUP;
  const indices = new Int32Array(embeddings.rows * count).fill(-1);
  const cosines = new Float32Array(embeddings.rows * count).fill(Number.NEGATIVE_INFINITY);
  const keysOf = Array.from({ length: groups }, () => new Set<string>());
  textKeys.forEach((key, i) => {
    keysOf[groupOf[i]]?.add(key);
  });
  const barred = keysOf.map((keys) => Uint8Array.from(textKeys, (key) => Number(keys.has(key))));
  for (let start = 0; start < embeddings.rows; start += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, embeddings.rows - start);
    const block = takeRows(
      embeddings,
      Int32Array.from({ length: rows }, (_, i) => start + i),
    );
    const products = await multiply(block, embeddings, { transposeB: true });
    for (let i = 0; i < rows; i++) {
      const own = groupOf[start + i];
      const offset = (start + i) * count;
      const [place, value] = [
        indices.subarray(offset, offset + count),
        cosines.subarray(offset, offset + count),
      ];
      selectByGroup(row(products, i), groupOf, barred[own] as Uint8Array, place, value);
      sortByCosine(place, value);
    }
  }
  return { indices, cosines, count };
}

/** Fills the 19 places of each group with its nearest prompts. */
function selectByGroup(
  products: Float32Array,
  groupOf: Int32Array,
  barred: Uint8Array,
  indices: Int32Array,
  cosines: Float32Array,
): void {
  for (let j = 0; j < products.length; j++) {
    if (barred[j]) continue;
    const first = groupOf[j] * NEIGHBORS_PER_GROUP;
    const last = first + NEIGHBORS_PER_GROUP - 1;
    const cosine = products[j];
    if (!(cosine > cosines[last])) continue;
    let k = last;
    for (; k > first && cosine > cosines[k - 1]; k--) {
      cosines[k] = cosines[k - 1];
      indices[k] = indices[k - 1];
    }
    cosines[k] = cosine;
    indices[k] = j;
  }
}

function sortByCosine(indices: Int32Array, cosines: Float32Array): void {
  const order = Array.from(indices.keys()).sort((a, b) => cosines[b] - cosines[a]);
  const [sortedIndices, sortedCosines] = [order.map((k) => indices[k]), order.map((k) => cosines[k])];
  indices.set(sortedIndices);
  cosines.set(sortedCosines);
}
