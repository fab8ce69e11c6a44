import type { WordsFirstReport } from "../experiments/words-first.ts";
import { formatGain, formatPercent, formatScore } from "./numbers.ts";

export const wordsFirstColumns = [
  "by words",
  "another model",
  "score, both views",
  "words first",
  "difference, 95 %",
  "ECE, both views",
  "words first",
  "bill",
] as const;

/** One line a choice rule. */
export function wordsFirstRows({ rules }: WordsFirstReport): readonly (readonly string[])[] {
  return Object.entries(rules).map(([rule, scores]) => [
    rule,
    formatPercent(scores.by_words),
    `${(100 * scores.changed).toFixed(1)} %`,
    formatScore(scores.score_both),
    formatScore(scores.score),
    scores.difference_ci95.map(formatGain).join(" to "),
    formatScore(scores.ece_both),
    formatScore(scores.ece),
    `${scores.usd < scores.usd_both ? "" : "+"}${(100 * (scores.usd / scores.usd_both - 1)).toFixed(1)} %`,
  ]);
}
