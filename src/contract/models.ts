import * as v from "valibot";

/** One entry of OpenAI's model list; the fields after `owned_by` are Signalbox's own. */
export const modelSchema = v.object({
  id: v.string(),
  object: v.literal("model"),
  created: v.number(),
  owned_by: v.string(),
  aliases: v.optional(v.array(v.string())),
  /** Whether `auto` may choose it: the active bundle knows it. */
  routed: v.optional(v.boolean()),
  /** Whether chat can be sent there: the Worker has a key for its provider, or takes the caller's own. */
  has_key: v.optional(v.boolean()),
  /** What the active bundle's knowledge of it rests on; absent in bundles that don't say. */
  evidence: v.optional(
    v.object({
      outcomes: v.number(),
      published: v.number(),
      feedback: v.number(),
      /** Mean score over the training tasks, and its bounds in 19 of 20 cases. */
      ability: v.optional(v.object({ mean: v.number(), low: v.number(), high: v.number() })),
    }),
  ),
  /** ISO day. */
  released: v.optional(v.string()),
  /** The first day without it, ISO; from then on it is no candidate. */
  retires_on: v.optional(v.string()),
  /** Set where it is another model told how much to think. */
  variant_of: v.optional(v.string()),
  effort: v.optional(v.string()),
  context_tokens: v.optional(v.number()),
  max_output_tokens: v.optional(v.number()),
  capabilities: v.optional(v.array(v.string())),
  usd_per_million_tokens: v.optional(
    v.object({ input: v.number(), cached_input: v.number(), output: v.number() }),
  ),
});

export const modelListSchema = v.object({ object: v.literal("list"), data: v.array(modelSchema) });
export type ModelList = v.InferOutput<typeof modelListSchema>;
