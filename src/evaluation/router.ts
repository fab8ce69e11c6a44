import type { Matrix } from "../numerics/matrix.ts";
import type { Dataset } from "../training/dataset.ts";

/** A way of choosing a model for each prompt, learned from training prompts alone. */
export interface Router {
  readonly name: string;
  /** Everything the router learns, it learns from `train`; equal seeds give equal fits. */
  fit(train: Dataset, seed: number): Promise<FittedRouter>;
}

export interface FittedRouter {
  /** Must not look at `test.outcomes`. */
  predict(test: Dataset): Promise<RouterPredictions>;
}

export interface RouterPredictions {
  /** [prompts, models] The model with the highest value is chosen. */
  readonly decisionScore: Matrix;
  /** [prompts, models] Probability of a correct answer; absent for routers that claim none. */
  readonly pCorrect?: Matrix;
  /** [prompts, models] Expected answer length in tokens, where the router predicts it. */
  readonly outputTokens?: Matrix;
}
