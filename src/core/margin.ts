import type { Candidate, ChoiceRule } from "./policy.ts";

/**
 * How far the numbers that decide may be off, two of them against each other, before the rule chooses another candidate:
 * decision scores, scores less prices for `lambda_usd`, probabilities for `min_p_correct`. Infinite where there is no other.
 * @param ranking what `choose` returned, the chosen one first
 */
export function marginOf(ranking: readonly Candidate[], rule: ChoiceRule): number {
  const [chosen, ...others] = ranking;
  if (chosen === undefined || others.length === 0) return Number.POSITIVE_INFINITY;
  const isCheaper = ({ expectedUsd }: Candidate) => expectedUsd < chosen.expectedUsd;
  switch (rule.kind) {
    case "quality":
      return chosen.decisionScore - largest(others, ({ decisionScore }) => decisionScore);
    case "lambda_usd": {
      const value = ({ decisionScore, expectedUsd }: Candidate) =>
        decisionScore - expectedUsd / rule.lambdaUsd;
      return value(chosen) - largest(others, value);
    }
    case "min_p_correct": {
      const most = largest(others, ({ pCorrect }) => pCorrect);
      // The most probable stays the choice below the threshold too, as long as no other one reaches it.
      const ahead = chosen.pCorrect - Math.min(most, rule.minPCorrect);
      if (chosen.pCorrect < rule.minPCorrect) return ahead;
      const below = others.filter(isCheaper).map(({ pCorrect }) => rule.minPCorrect - pCorrect);
      return Math.min(ahead, ...below);
    }
    case "tolerance": {
      const [first, second] = twoLargest(ranking);
      const bestOfOthers = chosen.decisionScore === first ? second : first;
      const below = others
        .filter(isCheaper)
        .map(({ decisionScore }) => first - decisionScore - rule.tolerance);
      return Math.min(chosen.decisionScore - bestOfOthers + rule.tolerance, ...below);
    }
  }
}

function largest(candidates: readonly Candidate[], of: (candidate: Candidate) => number): number {
  return candidates.reduce((most, candidate) => Math.max(most, of(candidate)), Number.NEGATIVE_INFINITY);
}

function twoLargest(candidates: readonly Candidate[]): readonly [number, number] {
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (const { decisionScore } of candidates) {
    if (decisionScore > first) [first, second] = [decisionScore, first];
    else if (decisionScore > second) second = decisionScore;
  }
  return [first, second];
}

/** What is known of a prompt's task, where words may mistake it. */
export interface TaskBeliefs {
  /** [tasks] how much the prompt belongs to each. */
  readonly memberships: ArrayLike<number>;
  /** [tasks, models] how good each model is on each task. */
  readonly table: ArrayLike<number>;
  readonly models: number;
  /** Column of the candidate in the table. */
  readonly columnOf: (candidate: Candidate) => number;
}

/**
 * What the choice falls short of by the rule, on average over the tasks that the prompt may belong to: large where another
 * task than the likeliest one would have another model chosen.
 * @param ranking what `choose` returned, the chosen one first
 */
export function regretOf(ranking: readonly Candidate[], rule: ChoiceRule, beliefs: TaskBeliefs): number {
  const { memberships, table, models } = beliefs;
  const candidates = ranking.map((candidate) => ({
    column: beliefs.columnOf(candidate),
    price: rule.kind === "lambda_usd" ? candidate.expectedUsd / rule.lambdaUsd : 0,
  }));
  let regret = 0;
  for (let task = 0; task < memberships.length; task++) {
    let best = Number.NEGATIVE_INFINITY;
    let chosen: number | undefined;
    for (const { column, price } of candidates) {
      const value = (table[task * models + column] as number) - price;
      chosen ??= value;
      if (value > best) best = value;
    }
    regret += (memberships[task] as number) * shortfall(best, chosen ?? best, rule);
  }
  return regret;
}

function shortfall(best: number, chosen: number, rule: ChoiceRule): number {
  switch (rule.kind) {
    case "tolerance":
      return Math.max(0, best - rule.tolerance - chosen);
    case "min_p_correct":
      return Math.max(0, Math.min(best, rule.minPCorrect) - chosen);
    default:
      return best - chosen;
  }
}

// Of 0, 1 and 3 on three suites the one by which the fewest choices by words were others than by both views.
const REGRET_WEIGHT = 3;

/**
 * How surely a choice by words stands: its margin, for less where the prompt is less familiar or no task claims most of it,
 * and less what it would cost to have mistaken the task.
 * @param likeliest the largest task membership
 */
export function assurance(margin: number, familiarity: number, likeliest: number, regret: number): number {
  return margin * familiarity * likeliest - REGRET_WEIGHT * regret;
}
