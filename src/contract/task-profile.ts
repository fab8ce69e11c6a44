import * as v from "valibot";
import type { Result } from "../core/result.ts";
import type { TaskRecommendation } from "../core/task.ts";
import { taskName, unitInterval } from "./fields.ts";
import { parseJson, parseWith } from "./parse.ts";

/** What is known of a named task: stored in KV under `task/<name>`, and applied to requests that name it. */
export const taskProfileSchema = v.strictObject({
  format_version: v.literal(1),
  name: taskName,
  /** The bundle whose predictions the profile corrects. */
  bundle: v.string(),
  /** The one model that was best for the whole task. */
  model: v.string(),
  prompts: v.number(),
  labelled: v.number(),
  scores: v.record(
    v.string(),
    v.strictObject({
      s1: unitInterval,
      s2: unitInterval,
      s3: v.optional(unitInterval),
      posterior: unitInterval,
      labels: v.number(),
    }),
  ),
});
export type TaskProfile = v.InferOutput<typeof taskProfileSchema>;

export function parseTaskProfile(bytes: Uint8Array): Result<TaskProfile, "task_profile_invalid"> {
  const json = parseJson(bytes, "task_profile_invalid");
  return json.ok ? parseWith(taskProfileSchema, json.value, "task_profile_invalid") : json;
}

export function toTaskProfile(
  name: string,
  bundle: string,
  { model, prompts, labelled, scores }: TaskRecommendation,
): TaskProfile {
  return {
    format_version: 1,
    name,
    bundle,
    model,
    prompts,
    labelled,
    scores: Object.fromEntries(scores.map(({ model: of, ...score }) => [of, score])),
  };
}

/** How much better each model did on the task than its own predictions said: added to every prediction for the task. */
export function profileShift({ scores }: TaskProfile, model: string): number {
  // Own fields only: a model may be called `constructor`.
  const score = Object.hasOwn(scores, model) ? scores[model] : undefined;
  return score === undefined ? 0 : score.posterior - score.s1;
}
