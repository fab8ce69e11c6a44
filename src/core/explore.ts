import type { Candidate, ChoiceRule } from "./policy.ts";

/** A share of decisions that go to a random candidate, so that what the others would have scored can be measured. */
export interface Exploring {
  /** In [0, 1): of the decisions in which there is more than one to draw from. */
  readonly share: number;
  /** Nobody is drawn who is less likely to be right than the chosen one by more than this. */
  readonly maxPLoss: number;
  /** Nobody is drawn who is expected to cost more USD than this. */
  readonly maxUsd: number;
}

/** What a decision says of the draw that it took part in. */
export interface Exploration {
  /** What the rule chose. */
  readonly policyModel: string;
  /** Those that could be drawn, the rule's choice among them, by name. */
  readonly among: readonly string[];
  /** With which probability the decision is what it is. */
  readonly propensity: number;
}

/**
 * Draws among the candidates within the bounds, each with the same probability. What the rule demands of a choice holds for
 * a drawn one too: the least probability, the tolerance. Undefined where nobody but the rule's choice may be drawn.
 * @param ranking all candidates, the rule's choice first
 * @param draw uniform in [0, 1)
 */
export function explore(
  ranking: readonly Candidate[],
  rule: ChoiceRule,
  { share, maxPLoss, maxUsd }: Exploring,
  draw: number,
): { readonly drawn: Candidate; readonly exploration: Exploration } | undefined {
  const [chosen] = ranking;
  if (chosen === undefined) return undefined;
  const allows = demandsOf(rule, ranking);
  // Where the rule found nobody who meets it, it took the best: nothing worse may be taken.
  if (!allows(chosen)) return undefined;
  const isWithin = (candidate: Candidate) =>
    candidate.pCorrect >= chosen.pCorrect - maxPLoss && candidate.expectedUsd <= maxUsd && allows(candidate);
  const among = ranking
    .filter((candidate) => candidate === chosen || isWithin(candidate))
    .toSorted((a, b) => (a.model < b.model ? -1 : 1));
  if (among.length < 2 || share <= 0) return undefined;
  // The draw is spread over [0, 1): below `share`, where it lies says who is drawn.
  const drawn = draw < share ? (among[Math.floor((draw / share) * among.length)] ?? chosen) : chosen;
  return {
    drawn,
    exploration: {
      policyModel: chosen.model,
      among: among.map(({ model }) => model),
      propensity: share / among.length + (drawn === chosen ? 1 - share : 0),
    },
  };
}

function demandsOf(rule: ChoiceRule, ranking: readonly Candidate[]): (candidate: Candidate) => boolean {
  switch (rule.kind) {
    case "min_p_correct":
      return ({ pCorrect }) => pCorrect >= rule.minPCorrect;
    case "tolerance": {
      const floor = Math.max(...ranking.map(({ decisionScore }) => decisionScore)) - rule.tolerance;
      return ({ decisionScore }) => decisionScore >= floor;
    }
    default:
      return () => true;
  }
}
