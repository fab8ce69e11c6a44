import { verdictAccuracy } from "../core/paper/scores.ts";
import { DISTANCE_NEIGHBORS } from "../core/paper/task-distance.ts";
import { multiply } from "../numerics/blas.ts";
import { matrix, row, takeRows } from "../numerics/matrix.ts";
import { emptyNearest, insertNearest, ranksOf } from "../numerics/nearest.ts";
import { type Dataset, familiesOf } from "./dataset.ts";

/** The paper's reference pairs: each training task seen from the others. */
export interface ReferencePairs {
  /** [tasks] u(d): mean cosine distance of the task's prompts to their 19 nearest prompts of other families. */
  readonly distances: Float64Array;
  /** [tasks, models] p(d,m): how often the others' verdicts are right on the task; -1 where no result is known. */
  readonly accuracies: Float64Array;
}

const ROWS_AT_ONCE = 512;

/** Leaves out one family of tasks at a time and asks its nearest neighbors among the rest (Shnitzer et al. 2023). */
export async function measureReference(train: Dataset, neighbors: number): Promise<ReferencePairs> {
  const { embeddings, outcomes, tasks, taskOf } = train;
  const models = outcomes.columns;
  const { familyOf } = familiesOf(train);
  const ranks = ranksOf(train.textKeys);
  const distance = new Float64Array(taskOf.length);
  const predicted = matrix(taskOf.length, models);
  for (let start = 0; start < taskOf.length; start += ROWS_AT_ONCE) {
    const block = Int32Array.from(
      { length: Math.min(ROWS_AT_ONCE, taskOf.length - start) },
      (_, k) => start + k,
    );
    const cosines = await multiply(takeRows(embeddings, block), embeddings, { transposeB: true });
    for (const i of block) {
      const nearest = nearestOthers(
        row(cosines, i - start),
        familyOf,
        familyOf[i],
        Math.max(neighbors, DISTANCE_NEIGHBORS),
        ranks,
      );
      const far = nearest.slice(0, DISTANCE_NEIGHBORS);
      distance[i] =
        far.reduce((sum, j) => sum + 1 - cosines.data[(i - start) * cosines.columns + j], 0) / far.length;
      predicted.data.set(meanOutcomesAt(outcomes, nearest.slice(0, neighbors)), i * models);
    }
  }
  const distances = new Float64Array(tasks.length);
  const accuracies = new Float64Array(tasks.length * models).fill(-1);
  tasks.forEach((_, d) => {
    const prompts = Array.from(taskOf.keys()).filter((i) => taskOf[i] === d);
    const known = prompts.filter((i) => Number.isFinite(distance[i]));
    distances[d] = known.length === 0 ? 1 : known.reduce((sum, i) => sum + distance[i], 0) / known.length;
    if (known.length === 0) return;
    for (let m = 0; m < models; m++) {
      const accuracy = verdictAccuracy(
        known.map((i) => predicted.data[i * models + m]),
        known.map((i) => outcomes.data[i * models + m]),
      );
      if (!Number.isNaN(accuracy)) accuracies[d * models + m] = accuracy;
    }
  });
  return { distances, accuracies };
}

/** Indices of the `count` largest cosines among prompts of other families, largest first. */
function nearestOthers(
  cosines: Float32Array,
  familyOf: Int32Array,
  own: number,
  count: number,
  ranks: Int32Array,
): readonly number[] {
  const nearest = emptyNearest(count);
  cosines.forEach((cosine, j) => {
    if (familyOf[j] !== own) insertNearest(nearest, 0, count, j, cosine, ranks);
  });
  return Array.from(nearest.indices).filter((index) => index >= 0);
}

/** [models] mean outcome at the given prompts; 0 where a model has none there. */
function meanOutcomesAt(outcomes: Dataset["outcomes"], indices: readonly number[]): Float64Array {
  const means = new Float64Array(outcomes.columns);
  for (let m = 0; m < outcomes.columns; m++) {
    const known = indices.map((i) => outcomes.data[i * outcomes.columns + m]).filter((y) => !Number.isNaN(y));
    means[m] = known.length === 0 ? 0 : known.reduce((sum, y) => sum + y, 0) / known.length;
  }
  return means;
}
