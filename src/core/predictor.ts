import type { ReferencePair } from "./paper/verdict-accuracy.ts";
import type { ChoiceRule } from "./policy.ts";

/** What a router knows of one prompt, for all its models at once; arrays are in the order of `models`. */
export interface Prediction {
  /** [models] Calibrated probability that the model answers correctly. */
  readonly pCorrect: Float64Array;
  /** [models] What the choice is made by: the same scale as pCorrect, tuned for ranking. */
  readonly decisionScore: Float64Array;
  /** [models] Expected length of the answer in tokens; NaN where the bundle knows no lengths. */
  readonly outputTokens: Float64Array;
  /** In [0, 1]: how much the prompt is like the training prompts. */
  readonly familiarity: number;
  /** True where the prompt is so unfamiliar that what decided is how good the models are on average. */
  readonly onAverage: boolean;
  /** True where a task profile has corrected the predictions. */
  readonly byTaskProfile?: boolean;
  /** The benchmark tasks that are most like the prompt, most similar first. */
  readonly nearestTasks: readonly { readonly task: string; readonly similarity: number }[];
}

/** How far the training tasks lie from each other, and how often verdicts are right at which distance. */
export interface TaskReference {
  /** Mean cosine distance of a prompt to its 19 nearest training prompts. @param embedding [dimension] */
  distanceOf(embedding: Float32Array): number;
  /** One pair a training task, measured with the task left out. @param model index in `models` */
  pairsOf(model: number): readonly ReferencePair[];
}

/** A second set of heads, on the lexical view alone: it needs no transformer. */
export interface WordsPredictor {
  /** Where the lexical view stands in an embedding of both views. */
  readonly view: WordsView;
  /** @param embedding [view.dimension], of unit length @param readable as for both views */
  predict(embedding: Float32Array, readable?: number): WordsPrediction;
  /** [tasks, models] how good each model is on each task. */
  readonly taskTable: ArrayLike<number>;
  /**
   * What the assurance of a choice must reach, so that choices by words alone give up no more score on average than the bundle
   * says; infinite where nothing was learned of the rule.
   */
  assuranceNeeded(rule: ChoiceRule): number;
}

export interface WordsPrediction extends Prediction {
  /** [tasks] how much the prompt belongs to each, summing to 1. */
  readonly memberships: Float64Array;
}

/** A part of an embedding. */
export interface WordsView {
  readonly offset: number;
  readonly dimension: number;
}

/** The kinds of router. What must be said of each is a record of them, so that a forgotten one doesn't compile. */
export type RouterKind = "landmark-heads" | "knn";

/** A loaded bundle of any kind, ready to predict. */
export interface Predictor {
  readonly kind: RouterKind;
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  /** The encoder that the bundle was trained on; embeddings of any other mean nothing to it. */
  readonly encoder: { readonly id: string; readonly checksum: string; readonly dimension: number };
  /** [models] mean score over the training tasks, for all that is known of each. */
  readonly priors: ArrayLike<number>;
  /** What easy prompts are decided with; absent where the bundle has one set of heads. */
  readonly words?: WordsPredictor;
  /** What S3 needs; absent where the training prompts are not in the bundle. */
  readonly reference?: TaskReference;
  /** By model: tokens that it writes and nobody sees, where completions have shown how many. */
  readonly hiddenTokens?: ReadonlyMap<string, number>;
  /** The document in the bundle's metadata, as it was written. */
  readonly header: Readonly<Record<string, unknown>>;
  /**
   * @param embedding [dimension], as the encoder returns it
   * @param readable share of the text's tokens that the encoder knows; 1 where only the embedding is at hand
   */
  predict(embedding: Float32Array, readable?: number): Prediction;
  /** Turns the dial `spend` in [0, 1] into USD for one more correct answer; undefined where it isn't calibrated. */
  lambdaUsdOfSpend(spend: number): number | undefined;
}

/**
 * What is left of familiarity where the encoder knows only a share of the text's tokens. Its square: a text read by half
 * is a familiar one by a quarter at most.
 */
export function familiarityOfReadable(familiarity: number, readable: number): number {
  return familiarity * readable ** 2;
}

/**
 * A prediction corrected by what is known of the prompt's task: each model's probability and decision score moved by
 * how much better or worse it did there than predicted.
 * @param shifts [models]
 */
export function shiftPrediction(prediction: Prediction, shifts: readonly number[]): Prediction {
  return {
    ...prediction,
    pCorrect: prediction.pCorrect.map((p, m) => Math.min(Math.max(p + (shifts[m] as number), 0), 1)),
    decisionScore: prediction.decisionScore.map((score, m) => score + (shifts[m] as number)),
    byTaskProfile: true,
  };
}
