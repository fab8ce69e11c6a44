import { assurance, marginOf, regretOf } from "./margin.ts";
import type { Candidate, ChoiceRule } from "./policy.ts";
import type { Predictor, WordsPrediction, WordsPredictor } from "./predictor.ts";

/**
 * Whether a choice by words alone may stand: with enough assurance, of a prompt that looks familiar. What is unfamiliar by its
 * words may be familiar by both views.
 * @param ranking what `choose` returned of what `words` predict
 */
export function isSafeByWords(
  { models, words }: Pick<Predictor, "models"> & { readonly words: WordsPredictor },
  { onAverage, familiarity, memberships }: WordsPrediction,
  ranking: readonly Candidate[],
  rule: ChoiceRule,
): boolean {
  const margin = marginOf(ranking, rule);
  if (margin === Number.POSITIVE_INFINITY) return true;
  if (onAverage) return false;
  const needed = words.assuranceNeeded(rule);
  if (margin < needed) return false;
  const regret = regretOf(ranking, rule, {
    memberships,
    table: words.taskTable,
    models: models.length,
    columnOf: ({ model }) => models.indexOf(model),
  });
  return assurance(margin, familiarity, Math.max(...memberships), regret) >= needed;
}
