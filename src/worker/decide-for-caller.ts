import type { ErrorCode } from "../contract/error.ts";
import { ok, type Result } from "../core/result.ts";
import { type Decided, type DecisionInput, decideRoute } from "../router/decision.ts";
import type { Serving } from "../router/serving.ts";
import type { Stopwatch } from "../router/stopwatch.ts";
import type { Caller } from "./caller.ts";
import { recordDecision } from "./records/analytics.ts";
import { newDecisionId } from "./records/feedback.ts";
import type { Isolate } from "./state/isolate.ts";

/** One decision for whoever asks: made, recorded, and under an id that feedback can refer to. */
export async function decideForCaller(
  isolate: Isolate,
  caller: Caller,
  request: Omit<DecisionInput, "keyName">,
  serving: Serving,
  stopwatch: Stopwatch,
): Promise<Result<{ readonly decided: Decided; readonly id: string }, ErrorCode>> {
  const { embeddings, feedback } = isolate;
  const { keyName } = caller;
  const decided = await decideRoute({ ...request, keyName }, serving, embeddings, stopwatch);
  if (!decided.ok) return decided;
  recordDecision(isolate, caller, decided.value);
  return ok({ decided: decided.value, id: await newDecisionId(feedback, decided.value, keyName) });
}
