import type { ErrorCode } from "../contract/error.ts";
import { ok, type Result } from "../core/result.ts";
import { recordDecision } from "./analytics.ts";
import { type Decided, type DecisionInput, decideRoute } from "./decision.ts";
import { newDecisionId } from "./feedback.ts";
import type { HttpContext } from "./http.ts";
import type { Serving } from "./serving.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** One decision for whoever asks in this context: made, recorded, and under an id that feedback can refer to. */
export async function decideForCaller(
  context: HttpContext,
  request: Omit<DecisionInput, "keyName">,
  serving: Serving,
  stopwatch: Stopwatch,
): Promise<Result<{ readonly decided: Decided; readonly id: string }, ErrorCode>> {
  const { embeddings, feedback } = context.get("isolate");
  const keyName = context.get("keyName");
  const decided = await decideRoute({ ...request, keyName }, serving, embeddings, stopwatch);
  if (!decided.ok) return decided;
  recordDecision(context, decided.value);
  return ok({ decided: decided.value, id: await newDecisionId(feedback, decided.value, keyName) });
}
