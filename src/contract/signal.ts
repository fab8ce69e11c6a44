import * as v from "valibot";
import type { Result } from "../core/result.ts";
import { decisionId } from "./feedback.ts";
import { modelName } from "./fields.ts";
import { parseWith } from "./parse.ts";

/** What a program can notice of an answer by itself. */
export const signals = ["accepted", "edited", "regenerated", "tests_passed", "tool_call_failed"] as const;
export type Signal = (typeof signals)[number];

export const signalRequestSchema = v.strictObject({
  decision: decisionId,
  signal: v.picklist(signals, `must be one of ${signals.join(", ")}`),
  /** The model that answered; the chosen one where it is left out. */
  model: v.optional(modelName),
});
export type SignalRequest = v.InferOutput<typeof signalRequestSchema>;

export const signalResponseSchema = v.object({
  object: v.literal("signal"),
  model: v.string(),
  /** What the Worker makes of it; null where it makes nothing of this signal, and nothing was kept. */
  score: v.nullable(v.number()),
  /** True where the same signal was recorded before; nothing was changed then. */
  duplicate: v.boolean(),
});
export type SignalResponse = v.InferOutput<typeof signalResponseSchema>;

/** The body of POST /v1/signal, checked. */
export function parseSignal(body: unknown): Result<SignalRequest, "invalid_request"> {
  return parseWith(signalRequestSchema, body, "invalid_request");
}
