import { type Matrix, matrix, row } from "../../numerics/matrix.ts";
import { type Dataset, meanOutcomesByTask } from "../../training/dataset.ts";
import { fitAdditive } from "../../training/landmark-heads/difficulty.ts";
import type { Router } from "../router.ts";

/**
 * Chooses the best model on average of the training prompts, for every prompt. Its scores are the mean outcomes,
 * corrected for models that ran on easier or harder prompts than others.
 */
export const bestSingleRouter: Router = {
  name: "best_single",
  async fit(train) {
    const { ease, ability } = fitAdditive(train.outcomes);
    const average = ease.reduce((sum, value) => sum + value, 0) / ease.length;
    const means = ability.map((value) => average + value);
    return { predict: async ({ ids }) => ({ decisionScore: sameForAll(ids.length, means) }) };
  },
};

/** Equal scores for all: the expected result of choosing at random. */
export function randomScores({ outcomes }: Dataset): Matrix {
  return matrix(outcomes.rows, outcomes.columns);
}

/** What the best model of each task would get, were the task of every prompt and the task's own results known. */
export function bestPerTaskScores(dataset: Dataset): Matrix {
  const means = meanOutcomesByTask(dataset);
  const scores = matrix(dataset.outcomes.rows, dataset.outcomes.columns);
  for (let i = 0; i < scores.rows; i++) {
    scores.data.set(row(means, dataset.taskOf[i]), i * scores.columns);
  }
  return scores;
}

function sameForAll(prompts: number, values: Float64Array): Matrix {
  const scores = matrix(prompts, values.length);
  for (let i = 0; i < prompts; i++) scores.data.set(values, i * values.length);
  return scores;
}
