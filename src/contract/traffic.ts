import * as v from "valibot";

/** How far GET /v1/traffic looks back. */
export const TRAFFIC_DAYS = 7;

/** GET /v1/traffic: which models were chosen how often, as far as decisions are recorded in D1. */
export const trafficSchema = v.object({
  object: v.literal("traffic"),
  days: v.number(),
  /** Whether this Worker records decisions (DECISION_LOG); `data` is empty where it doesn't. */
  recorded: v.boolean(),
  /** The most frequent first. */
  data: v.array(v.object({ model: v.string(), decisions: v.number(), expected_usd: v.number() })),
});
export type Traffic = v.InferOutput<typeof trafficSchema>;
