import * as v from "valibot";
import { modelName, unitInterval } from "./fields.ts";

/** Each prompt that was not seen before costs an embedding, one after the other. */
const MAX_PROMPTS = 100;

/** A set of prompts of one task, of which some may be labeled. */
export const routeTaskRequestSchema = v.strictObject({
  prompts: v.pipe(
    v.array(
      v.strictObject({
        prompt: v.pipe(v.string(), v.minLength(1, "must not be empty")),
        /** What models scored on it, where that is known. */
        outcomes: v.optional(v.record(modelName, unitInterval)),
      }),
    ),
    v.minLength(1, "must hold at least one prompt"),
    v.maxLength(MAX_PROMPTS, `must hold at most ${MAX_PROMPTS} prompts`),
  ),
});

export type TaskPromptInput = v.InferInput<typeof routeTaskRequestSchema>["prompts"][number];

export const routeTaskResponseSchema = v.object({
  /** The one model to use for all. */
  model: v.string(),
  reason: v.picklist(["posterior", "s3", "best_on_average"]),
  familiarity: v.number(),
  labelled: v.number(),
  /** Best by the posterior first. */
  ranking: v.array(
    v.object({
      model: v.string(),
      /** Mean probability of a right answer. */
      s1: v.number(),
      /** Share of prompts on which a right answer is more likely than not. */
      s2: v.number(),
      /** S2 corrected by how often such verdicts are right; null where the bundle holds no reference pairs. */
      s3: v.nullable(v.number()),
      /** Expected score, labels counted. */
      posterior: v.number(),
      labels: v.number(),
    }),
  ),
  bundle: v.string(),
});
export type RouteTaskResponse = v.InferOutput<typeof routeTaskResponseSchema>;
