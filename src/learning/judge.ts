import type { LandmarkPredictor } from "../core/landmark-predictor.ts";
import type { Prediction } from "../core/predictor.ts";
import type { Grade } from "./learner.ts";

/** What a learned bundle was judged by, on grades that it did not learn from. */
export interface Judgment {
  readonly grades: number;
  /** Mean over the grades, of the live bundle and of the learned one. */
  readonly log_loss: { readonly live: number; readonly learned: number };
  /** Estimated mean score of what each would choose among the models that were graded. */
  readonly value: { readonly live: number; readonly learned: number };
  /** Share of the prompts for which they choose different models. */
  readonly changed: number;
}

export interface Judge {
  /** @param key whose grade it is */
  add(grade: Grade, key: string): void;
  /** Undefined where there was no grade. */
  judgment(): Judgment | undefined;
}

// No probability of a grade counts as less: one odd grade must not decide.
const SMALLEST_PROBABILITY = 0.01;

/**
 * Compares two bundles of one base on grades that are newer than what was learned from. No key has more of a say than an equal
 * share of the grades: who sends most of them must not judge alone what was learned from them.
 * @param models that either may choose
 */
export function createJudge(
  base: LandmarkPredictor,
  live: LandmarkPredictor,
  learned: LandmarkPredictor,
  models: ReadonlySet<string>,
): Judge {
  const eligible = base.models.map((_, m) => m).filter((m) => models.has(base.models[m] as string));
  const byKey = new Map<string, Sums>();
  return {
    add({ model, score, embedding }, key) {
      const m = base.models.indexOf(model);
      if (m < 0) return;
      const sums = byKey.get(key) ?? {
        grades: 0,
        changed: 0,
        liveLoss: 0,
        learnedLoss: 0,
        live: 0,
        learned: 0,
      };
      byKey.set(key, sums);
      const features = base.featuresOf(embedding);
      const before = live.predictAt(features);
      const after = learned.predictAt(features);
      const choices = { live: choose(before), learned: choose(after) };
      sums.grades++;
      if (choices.live !== choices.learned) sums.changed++;
      sums.liveLoss += logLoss(before.pCorrect[m] as number, score);
      sums.learnedLoss += logLoss(after.pCorrect[m] as number, score);
      // The direct model, which knows more the more was learned, and the grade itself where it is of what was chosen.
      const scoreOf = (choice: number) => (choice === m ? score : (after.pCorrect[choice] as number));
      sums.live += scoreOf(choices.live);
      sums.learned += scoreOf(choices.learned);
    },
    judgment() {
      const keys = [...byKey.values()];
      const grades = keys.reduce((sum, one) => sum + one.grades, 0);
      if (grades === 0) return undefined;
      const share = grades / keys.length;
      const weights = keys.map((one) => Math.min(1, share / one.grades));
      const total = keys.reduce((sum, one, k) => sum + (weights[k] as number) * one.grades, 0);
      const mean = (name: keyof Sums) =>
        keys.reduce((sum, one, k) => sum + (weights[k] as number) * one[name], 0) / total;
      return {
        grades,
        log_loss: { live: mean("liveLoss"), learned: mean("learnedLoss") },
        value: { live: mean("live"), learned: mean("learned") },
        changed: mean("changed"),
      };
    },
  };

  function choose({ decisionScore }: Prediction): number {
    return eligible.reduce(
      (best, m) => ((decisionScore[m] as number) > (decisionScore[best] as number) ? m : best),
      eligible[0] as number,
    );
  }
}

/** Of one key's grades. */
interface Sums {
  grades: number;
  changed: number;
  liveLoss: number;
  learnedLoss: number;
  live: number;
  learned: number;
}

function logLoss(p: number, score: number): number {
  const held = Math.min(Math.max(p, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY);
  return -(score * Math.log(held) + (1 - score) * Math.log(1 - held));
}

/** Why what was learned is not to be published; undefined where it is. */
export function objection({ log_loss, value }: Judgment): string | undefined {
  if (log_loss.learned >= log_loss.live)
    return `the newest grades are told no better: log loss ${shown(log_loss.learned)}, live ${shown(log_loss.live)}`;
  if (value.learned < value.live)
    return `its choices are estimated to score ${shown(value.learned)}, those of the live bundle ${shown(value.live)}`;
  return undefined;
}

function shown(value: number): string {
  return value.toFixed(4);
}
