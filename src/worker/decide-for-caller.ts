import type { ErrorCode } from "../contract/error.ts";
import { ok, type Result } from "../core/result.ts";
import { recordDecision } from "./analytics.ts";
import type { Caller } from "./caller.ts";
import { type Decided, type DecisionInput, decideRoute } from "./decision.ts";
import { newDecisionId } from "./feedback.ts";
import type { Isolate } from "./isolate.ts";
import type { Serving } from "./serving.ts";
import type { Stopwatch } from "./stopwatch.ts";

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
