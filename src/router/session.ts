import type { Catalogue } from "../core/catalogue.ts";
import { type Decision, type DecisionCode, type DecisionRequest, decide } from "../core/decide.ts";
import type { Candidate } from "../core/policy.ts";
import type { Prediction, Predictor } from "../core/predictor.ts";
import { ok, type Result } from "../core/result.ts";
import type { Turn } from "../encoder/turns.ts";

/** A conversation as far as it can move between models. */
export interface Session {
  /** Its requests, of which the last one is to be decided; none for a lone prompt. */
  readonly turns: readonly Turn[];
  /** What the conversation demanded when it was as long as that. */
  readonly requestAt: (turn: Turn) => DecisionRequest;
  /** The request that is to be decided. */
  readonly request: DecisionRequest;
}

/** Why a conversation left the model that it was on. */
export type MoveCause =
  /** The model can't take what the request demands: images, a longer context, or it is no candidate any more. */
  | "requirement"
  /** Another one is cheaper by the rule, although this one has the conversation in its cache. */
  | "price"
  /** Results of tools failed in a row. */
  | "failures";

/** A decision within its conversation. */
export interface SessionDecision extends Decision {
  /** Set where this request moves the conversation. */
  readonly moved?: { readonly from: string; readonly because: MoveCause };
}

interface Parts {
  readonly predictor: Predictor;
  readonly catalogue: Catalogue;
  readonly prediction: Prediction;
}

/** The price of what is lost with a cache depends on the length of the input alone: weighed again when it has grown by this. */
const GROWTH = 1.25;
/** What a model must be ahead in decision score to be the next step up; less is within the error of any benchmark. */
const STEP = 0.02;

/**
 * Decides the last request of a conversation. Which model the conversation is on is stored nowhere: all that was decided on
 * stands in the conversation itself, so the decisions before are made again, in microseconds, with the same outcome. A turn
 * of tool results stays where it is; a user's turn moves only where that pays with the lost cache counted in; results that
 * fail in a row move it one step up, until the user speaks again.
 */
export function decideInSession(parts: Parts, session: Session): Result<SessionDecision, DecisionCode> {
  const decideFor = (request: DecisionRequest, current: string | undefined) =>
    decide(parts.predictor, parts.catalogue, parts.prediction, {
      ...request,
      ...(current === undefined ? {} : { currentModel: current }),
    });
  const { turns, requestAt, request } = session;
  const last = turns.at(-1);
  const told = request.currentModel;
  // A caller who says where the conversation is knows better than what can be worked out.
  let state: State = { current: told, weighedTokens: 0, demands: 0 };
  for (const turn of told === undefined ? turns.slice(0, -1) : []) {
    if (!mayMove(turn, state)) continue;
    const decided = decideFor(requestAt(turn), state.current);
    if (decided.ok) state = after(turn, settle(decided.value, turn, state), state);
  }
  const decided = decideFor(request, state.current);
  if (!decided.ok || last === undefined) return decided;
  return ok(settle(decided.value, last, state));
}

interface State {
  readonly current: string | undefined;
  /** Input at which switching was last weighed; 0 where the user's next turn is to weigh it. */
  readonly weighedTokens: number;
  /** How many capabilities were demanded; they only become more. */
  readonly demands: number;
}

function mayMove(turn: Turn, { current, demands, weighedTokens }: State): boolean {
  return (
    current === undefined ||
    turn.failures > 0 ||
    turn.capabilities.length > demands ||
    (turn.isUsers && hasGrown(turn, weighedTokens))
  );
}

function after(turn: Turn, { model, moved }: SessionDecision, { current, weighedTokens }: State): State {
  const isWeighed = current === undefined || (turn.isUsers && hasGrown(turn, weighedTokens));
  return {
    current: model,
    // A step up is for what failed: what the user says next is weighed anew.
    weighedTokens: moved?.because === "failures" ? 0 : isWeighed ? turn.tokens : weighedTokens,
    demands: turn.capabilities.length,
  };
}

function hasGrown({ tokens }: Turn, weighedTokens: number): boolean {
  return tokens >= weighedTokens * GROWTH;
}

/** The decision as the conversation takes it: on its model, a step up, or moved for a reason. */
function settle(decision: Decision, turn: Turn, { current, weighedTokens }: State): SessionDecision {
  if (current === undefined) return decision;
  const own = decision.ranking.find(({ model }) => model === current);
  if (own === undefined) return { ...decision, moved: { from: current, because: "requirement" } };
  const higher = turn.failures > 0 ? stepUp(decision.ranking, own) : undefined;
  if (higher !== undefined) {
    const escalated = first(decision, higher, "escalated");
    return { ...escalated, moved: { from: current, because: "failures" } };
  }
  if (!turn.isUsers || !hasGrown(turn, weighedTokens)) return first(decision, own, "kept_current");
  return decision.model === current ? decision : { ...decision, moved: { from: current, because: "price" } };
}

/** The cheapest of those that are better by a step. */
function stepUp(ranking: readonly Candidate[], own: Candidate): Candidate | undefined {
  return ranking
    .filter(({ decisionScore }) => decisionScore >= own.decisionScore + STEP)
    .toSorted((a, b) => a.expectedUsd - b.expectedUsd || (a.model < b.model ? -1 : 1))[0];
}

/** The decision with another of its candidates in front. */
function first(decision: Decision, chosen: Candidate, reason: "kept_current" | "escalated"): Decision {
  const { model, pCorrect, expectedUsd } = chosen;
  return {
    ...decision,
    ...{ model, pCorrect, expectedUsd },
    reason: decision.ranking.length === 1 ? decision.reason : reason,
    ranking: [chosen, ...decision.ranking.filter((candidate) => candidate !== chosen)],
  };
}
