import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { meanOutcomes } from "../../training/dataset.ts";
import type { Router } from "../router.ts";
import { type Neighbors, sharedNeighbors } from "./neighbors.ts";

/**
 * Mean score of the k nearest training prompts; with k = 5 the paper's predictor, applied to one prompt at a time
 * (Shnitzer et al. 2023, arXiv 2309.15789, its second experiment: S1 with n = 1).
 */
export function knnRouter(k: number): Router {
  return {
    name: `knn-${k}`,
    fit: async (train) => ({
      predict: async (test) => {
        const neighbors = await sharedNeighbors(test, train);
        const pCorrect = meanOfNeighbors(neighbors, k, train.outcomes, meanOutcomes(train));
        return { decisionScore: pCorrect, pCorrect };
      },
    }),
  };
}

/** [prompts, models]; a model without a result among the k neighbors gets its `fallback`. */
export function meanOfNeighbors(
  { count, indices }: Neighbors,
  k: number,
  outcomes: Matrix,
  fallback: ArrayLike<number>,
): Matrix {
  const models = outcomes.columns;
  const prompts = count === 0 ? 0 : indices.length / count;
  const means = matrix(prompts, models);
  for (let i = 0; i < prompts; i++) {
    for (let m = 0; m < models; m++) {
      let sum = 0;
      let known = 0;
      for (let rank = 0; rank < Math.min(k, count); rank++) {
        const outcome = outcomes.data[indices[i * count + rank] * models + m];
        if (Number.isNaN(outcome)) continue;
        sum += outcome;
        known++;
      }
      means.data[i * models + m] = known > 0 ? sum / known : fallback[m];
    }
  }
  return means;
}
