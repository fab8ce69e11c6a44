import * as v from "valibot";
import { errorBodySchema } from "./error.ts";
import { routeRequestSchema, routeResponseSchema } from "./route.ts";

/** Requests of one batch: each is embedded after the other, so more would only wait. */
const MAX_REQUESTS = 32;

/** A body that breaks the schema is refused as a whole; what else is wrong with one request is told in its place. */
export const batchRequestSchema = v.strictObject({
  requests: v.pipe(
    v.array(routeRequestSchema),
    v.minLength(1, "must hold at least one request"),
    v.maxLength(MAX_REQUESTS, `must hold at most ${MAX_REQUESTS} requests`),
  ),
});

export const batchResponseSchema = v.object({
  object: v.literal("list"),
  /** In the order of the requests: a decision or an error each. */
  data: v.array(v.union([routeResponseSchema, errorBodySchema])),
});
export type BatchResponse = v.InferOutput<typeof batchResponseSchema>;
