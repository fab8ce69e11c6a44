import { type GateCandidate, gateChoice } from "./paper/gate.ts";
import { posteriorMean } from "./paper/posterior.ts";
import { scoreS1, scoreS2, scoreS3, verdict } from "./paper/scores.ts";
import { smoothAccuracy } from "./paper/verdict-accuracy.ts";
import type { Predictor } from "./predictor.ts";

/** One prompt of a new task, with the scores that are known of it. */
export interface TaskPrompt {
  /** [dimension] unit vector */
  readonly embedding: Float32Array;
  /** Share of its tokens that the encoder knows; 1 where it is not given. */
  readonly readable?: number;
  /** Model -> score in [0, 1]. */
  readonly labels?: Readonly<Record<string, number>>;
}

export interface TaskScores {
  readonly model: string;
  /** Mean probability of a right answer. */
  readonly s1: number;
  /** Share of prompts on which a right answer is more likely than not. */
  readonly s2: number;
  /** S2 corrected for how often such verdicts are right this far from the training tasks; knn bundles only. */
  readonly s3?: number;
  /** Expected score, given the labels; equals s1 without any. */
  readonly posterior: number;
  readonly labels: number;
}

export interface TaskRecommendation {
  /** The one model to use for the whole task. */
  readonly model: string;
  /** Which of the scores decided. */
  readonly by: "posterior" | "s3" | "best_on_average";
  /** Best by the posterior first. */
  readonly scores: readonly TaskScores[];
  readonly prompts: number;
  readonly labelled: number;
  /** Mean familiarity of the prompts. */
  readonly familiarity: number;
}

/**
 * One model for a set of prompts (Shnitzer et al. 2023, arXiv 2309.15789). With labels, or with a bundle that has no
 * reference pairs, by the posterior mean whose prior is S1; without labels and with a knn bundle by S3, as far as it is
 * surely better than the best model on average.
 * @param random uniform in [0, 1), for the paper's Monte-Carlo gate
 */
export function recommendForTask(
  predictor: Predictor,
  prompts: readonly TaskPrompt[],
  random: () => number,
): TaskRecommendation {
  const predictions = prompts.map(({ embedding, readable }) => predictor.predict(embedding, readable));
  const distance =
    predictor.reference &&
    mean(prompts.map(({ embedding }) => predictor.reference?.distanceOf(embedding) ?? 0));
  const scores = predictor.models.map((model, m): TaskScores => {
    const g = predictions.map(({ pCorrect }) => pCorrect[m] as number);
    const known = prompts.flatMap(({ labels }) => {
      const score = labels !== undefined && Object.hasOwn(labels, model) ? labels[model] : undefined;
      return score === undefined ? [] : [score];
    });
    const s2 = scoreS2(g);
    const accuracy =
      predictor.reference === undefined || distance === undefined
        ? Number.NaN
        : smoothAccuracy(predictor.reference.pairsOf(m), distance);
    return {
      model,
      s1: scoreS1(g),
      s2,
      ...(Number.isNaN(accuracy) ? {} : { s3: scoreS3(s2, accuracy) }),
      posterior: posteriorMean(scoreS1(g), known),
      labels: known.length,
    };
  });
  const labelled = prompts.filter(
    ({ labels }) => labels !== undefined && Object.keys(labels).length > 0,
  ).length;
  return {
    ...recommend(predictor, predictions, scores, labelled, distance, random),
    scores: scores.toSorted((a, b) => b.posterior - a.posterior || (a.model < b.model ? -1 : 1)),
    prompts: prompts.length,
    labelled,
    familiarity: mean(predictions.map(({ familiarity }) => familiarity)),
  };
}

function recommend(
  predictor: Predictor,
  predictions: readonly { readonly pCorrect: Float64Array }[],
  scores: readonly TaskScores[],
  labelled: number,
  distance: number | undefined,
  random: () => number,
): Pick<TaskRecommendation, "model" | "by"> {
  const nameOf = (index: number) => predictor.models[index] as string;
  if (labelled > 0 || distance === undefined || scores.some(({ s3 }) => s3 === undefined)) {
    return {
      model: nameOf(
        best(
          scores.map(({ posterior }) => posterior),
          predictor.models,
        ),
      ),
      by: "posterior",
    };
  }
  const candidates = predictor.models.map((_, m): GateCandidate => {
    const positives = predictions.filter(({ pCorrect }) => verdict(pCorrect[m] as number) === 1).length;
    const accuracy = smoothAccuracy(predictor.reference?.pairsOf(m) ?? [], distance);
    return { positives, negatives: predictions.length - positives, accuracy };
  });
  const bestOnAverage = best(predictor.priors, predictor.models);
  const bestByS3 = best(
    scores.map(({ s3 }) => s3 as number),
    predictor.models,
  );
  const chosen = gateChoice(candidates, bestByS3, bestOnAverage, random);
  return { model: nameOf(chosen), by: chosen === bestByS3 ? "s3" : "best_on_average" };
}

/** Index of the largest value; ties go to the first by name, whatever the order of the models in the bundle. */
function best(values: ArrayLike<number>, models: readonly string[]): number {
  return models.reduce((first, model, m) => {
    const ahead = (values[m] as number) - (values[first] as number);
    return ahead > 0 || (ahead === 0 && model < (models[first] as string)) ? m : first;
  }, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
