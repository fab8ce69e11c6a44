import { fail, ok, type Result } from "./result.ts";

/** One model that may be chosen, with what is predicted of it for this prompt. */
export interface Candidate {
  readonly model: string;
  /** Calibrated probability in [0, 1] that the model answers correctly. */
  readonly pCorrect: number;
  /** What candidates are ranked by; need not be a probability. Higher is better. */
  readonly decisionScore: number;
  /** USD for this prompt with its predicted answer. */
  readonly expectedUsd: number;
}

/** How one of the candidates is chosen. */
export type ChoiceRule =
  | { readonly kind: "quality" }
  /** The cheapest whose decision score is at most `tolerance` below the best. */
  | { readonly kind: "tolerance"; readonly tolerance: number }
  /** The cheapest with at least this probability; the most probable where none reaches it. */
  | { readonly kind: "min_p_correct"; readonly minPCorrect: number }
  /** The largest decision score minus USD / lambda: lambda is what one correct answer is worth. */
  | { readonly kind: "lambda_usd"; readonly lambdaUsd: number };

/** How a caller asks for a choice: the dial `spend` becomes a rule by what the bundle learned of prices. */
export type RequestedRule = ChoiceRule | { readonly kind: "spend"; readonly spend: number };

/** Why a model was chosen: the closed set of the HTTP contract. */
export const reasons = [
  "highest_p_correct",
  "cheapest_within_tolerance",
  "cheapest_above_threshold",
  "best_value",
  "best_on_average",
  "task_profile",
  "only_candidate",
  "kept_current",
  "escalated",
  "explored",
] as const;
export type Reason = (typeof reasons)[number];

export interface Choice {
  readonly chosen: Candidate;
  readonly reason: Reason;
  /** All candidates, the best by the rule first. */
  readonly ranking: readonly Candidate[];
}

/**
 * Ranks the candidates by a choice rule. Ties go to the cheaper, then to the first by name, so that the order in
 * which models stand in a file never decides.
 */
export function choose(candidates: readonly Candidate[], rule: ChoiceRule): Result<Choice, "no_candidates"> {
  const [chosen] = candidates;
  if (chosen === undefined) return fail("no_candidates", "no model is left to choose from");
  const ranking = [...candidates].sort(ranker(candidates, rule));
  const best = ranking[0] as Candidate;
  const reason = ranking.length === 1 ? "only_candidate" : reasonOf(best, rule);
  return ok({ chosen: best, reason, ranking });
}

/** The cheapest of one or more; of equals the first by name. */
export function cheapestOf<T extends Pick<Candidate, "model" | "expectedUsd">>(candidates: readonly T[]): T {
  const [first, ...rest] = candidates as readonly [T, ...T[]];
  return rest.reduce(
    (least, one) =>
      one.expectedUsd < least.expectedUsd ||
      (one.expectedUsd === least.expectedUsd && one.model < least.model)
        ? one
        : least,
    first,
  );
}

type Compare = (a: Candidate, b: Candidate) => number;

const byScore: Compare = (a, b) => b.decisionScore - a.decisionScore;
const byPCorrect: Compare = (a, b) => b.pCorrect - a.pCorrect;
const byUsd: Compare = (a, b) => a.expectedUsd - b.expectedUsd;
const byName: Compare = (a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0);

function inOrder(...compares: readonly Compare[]): Compare {
  return (a, b) => {
    for (const compare of compares) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function ranker(candidates: readonly Candidate[], rule: ChoiceRule): Compare {
  switch (rule.kind) {
    case "quality":
      return inOrder(byScore, byUsd, byName);
    case "tolerance": {
      const floor = Math.max(...candidates.map(({ decisionScore }) => decisionScore)) - rule.tolerance;
      return passingFirst(({ decisionScore }) => decisionScore >= floor, byScore);
    }
    case "min_p_correct":
      return passingFirst(({ pCorrect }) => pCorrect >= rule.minPCorrect, byPCorrect);
    case "lambda_usd": {
      const value = ({ decisionScore, expectedUsd }: Candidate) =>
        decisionScore - expectedUsd / rule.lambdaUsd;
      return inOrder((a, b) => value(b) - value(a), byUsd, byName);
    }
  }
}

/** Those that pass, cheapest first; then the rest, best first. */
function passingFirst(passes: (candidate: Candidate) => boolean, best: Compare): Compare {
  const cheapest = inOrder(byUsd, best, byName);
  const rest = inOrder(best, byUsd, byName);
  return (a, b) => {
    const passed = Number(passes(b)) - Number(passes(a));
    return passed !== 0 ? passed : passes(a) ? cheapest(a, b) : rest(a, b);
  };
}

function reasonOf(best: Candidate, rule: ChoiceRule): Reason {
  switch (rule.kind) {
    case "quality":
      return "highest_p_correct";
    case "tolerance":
      return "cheapest_within_tolerance";
    case "min_p_correct":
      return best.pCorrect >= rule.minPCorrect ? "cheapest_above_threshold" : "highest_p_correct";
    case "lambda_usd":
      return "best_value";
  }
}
