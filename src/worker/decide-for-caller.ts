import type { ErrorCode } from "../contract/error.ts";
import type { KeyLimits } from "../contract/key-limits.ts";
import type { Question } from "../contract/question.ts";
import { type Catalogue, catalogueNames, matchModels } from "../core/catalogue.ts";
import type { Exploring } from "../core/explore.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { type Decided, decideQuestion } from "../router/decision.ts";
import type { Serving } from "../router/serving.ts";
import type { Asked } from "./handler.ts";
import { recordDecision } from "./records/analytics.ts";
import { newDecisionId, newDecisionNumber } from "./records/feedback.ts";
import type { Isolate } from "./state/isolate.ts";

/**
 * One decision for whoever asks: made, recorded, and under an id that feedback can refer to.
 * @param usable what of a catalogue can be chosen from; all of it where this is left out
 */
export async function decideForCaller(
  { isolate, caller, stopwatch }: Asked,
  question: Question,
  serving: Serving,
  usable?: (catalogue: Catalogue) => Catalogue,
): Promise<Result<{ readonly decided: Decided; readonly id: string }, ErrorCode>> {
  const { embeddings, feedback, settings } = isolate;
  const { keyName } = caller;
  const { limits } = caller;
  const allowed = (whole: Catalogue) => allowedModels(usable === undefined ? whole : usable(whole), limits);
  if (Object.keys(allowed(serving.catalogue).models).length === 0)
    return fail("no_candidates", "this key may use none of the models that can be reached", "models");
  const exploring = exploringOf(settings);
  const surroundings = { owner: keyName ?? "", embeddings, stopwatch, usable: allowed, exploring };
  const decided = await decideQuestion(bounded(question, limits), serving, surroundings);
  if (!decided.ok) return decided;
  // One time for both: what is graded is joined with what was decided by it.
  const made = { number: newDecisionNumber(), decidedAt: new Date() };
  recordDecision(isolate, caller, decided.value, made);
  return ok({ decided: decided.value, id: await newDecisionId(feedback, decided.value, made, keyName) });
}

function exploringOf({
  explore,
  exploreMaxPLoss,
  exploreMaxUsd,
}: Isolate["settings"]): Exploring | undefined {
  if (explore === 0) return undefined;
  return { share: explore, maxPLoss: exploreMaxPLoss, maxUsd: exploreMaxUsd };
}

/** The part of a catalogue that the key may use; where that is none of it, the decision says so. */
export function allowedModels(whole: Catalogue, { models }: KeyLimits): Catalogue {
  if (models === undefined) return whole;
  const { matched } = matchModels(Object.keys(whole.models), catalogueNames(whole), models);
  return {
    ...whole,
    models: Object.fromEntries(Object.entries(whole.models).filter(([id]) => matched.has(id))),
  };
}

function bounded(question: Question, { maxUsd }: KeyLimits): Question {
  if (maxUsd === undefined) return question;
  const asked = question.demands.maxUsd ?? Number.POSITIVE_INFINITY;
  return { ...question, demands: { ...question.demands, maxUsd: Math.min(asked, maxUsd) } };
}
