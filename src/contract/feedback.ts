import * as v from "valibot";
import type { Result } from "../core/result.ts";
import { modelName, unitInterval } from "./fields.ts";
import { parseWith } from "./parse.ts";

/** The `id` of a decision, or its header `x-signalbox-decision`. */
export const decisionId = v.pipe(v.string(), v.maxLength(8192, "is too long"));

export const feedbackRequestSchema = v.strictObject({
  decision: decisionId,
  /** How well the model answered. */
  score: unitInterval,
  /** The model that answered; the chosen one where it is left out. */
  model: v.optional(modelName),
  /** A remark for people, stored as it is: no prompt should be in it. */
  comment: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(1000, "is longer than 1000 characters"),
      // As the database will keep it: half a character sent again must be found the same.
      v.transform((text) => text.toWellFormed()),
    ),
  ),
});
export type FeedbackRequest = v.InferOutput<typeof feedbackRequestSchema>;

export const feedbackResponseSchema = v.object({
  object: v.literal("feedback"),
  model: v.string(),
  /** True where the same feedback was recorded before; nothing was changed then. */
  duplicate: v.boolean(),
});
export type FeedbackResponse = v.InferOutput<typeof feedbackResponseSchema>;

/** The body of POST /v1/feedback, checked. */
export function parseFeedback(body: unknown): Result<FeedbackRequest, "invalid_request"> {
  return parseWith(feedbackRequestSchema, body, "invalid_request");
}
