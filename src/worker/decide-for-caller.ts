import type { ErrorCode } from "../contract/error.ts";
import type { Question } from "../contract/question.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { ok, type Result } from "../core/result.ts";
import { type Decided, decideQuestion } from "../router/decision.ts";
import type { Serving } from "../router/serving.ts";
import type { Asked } from "./handler.ts";
import { recordDecision } from "./records/analytics.ts";
import { newDecisionId } from "./records/feedback.ts";

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
  const { embeddings, feedback } = isolate;
  const { keyName } = caller;
  const surroundings = { owner: keyName ?? "", embeddings, stopwatch, ...(usable && { usable }) };
  const decided = await decideQuestion(question, serving, surroundings);
  if (!decided.ok) return decided;
  recordDecision(isolate, caller, decided.value);
  return ok({ decided: decided.value, id: await newDecisionId(feedback, decided.value, keyName) });
}
