import { multiply } from "../../numerics/blas.ts";
import { row, takeRows } from "../../numerics/matrix.ts";
import { emptyNearest, insertNearest, type Nearest, ranksOf } from "../../numerics/nearest.ts";
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
  const found = emptyNearest(embeddings.rows * count);
  const ranks = ranksOf(textKeys);
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
      const barredHere = barred[groupOf[start + i]] as Uint8Array;
      const offset = (start + i) * count;
      row(products, i).forEach((cosine, j) => {
        if (barredHere[j]) return;
        const first = offset + groupOf[j] * NEIGHBORS_PER_GROUP;
        insertNearest(found, first, first + NEIGHBORS_PER_GROUP, j, cosine, ranks);
      });
      joinGroups(found, offset, offset + count, ranks);
    }
  }
  return { indices: found.indices, cosines: found.values, count };
}

/** Sorts the slots of all groups together, nearest first; empty ones go last. */
function joinGroups({ indices, values }: Nearest, first: number, end: number, ranks: Int32Array): void {
  const slots = Array.from({ length: end - first }, (_, k) => first + k)
    .filter((k) => indices[k] >= 0)
    .sort((a, b) => values[b] - values[a] || ranks[indices[a]] - ranks[indices[b]])
    .map((k) => [indices[k], values[k]] as const);
  indices.fill(-1, first, end);
  values.fill(Number.NEGATIVE_INFINITY, first, end);
  slots.forEach(([index, value], k) => {
    indices[first + k] = index;
    values[first + k] = value;
  });
}
