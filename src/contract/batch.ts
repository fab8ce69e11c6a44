import * as v from "valibot";
import { errorBodySchema } from "./error.ts";
import { routeRequestSchema, routeResponseSchema } from "./route.ts";

/** Requests of one batch: each is embedded after the other, so more would only wait. */
const MAX_REQUESTS = 32;

const list = <S extends v.GenericSchema>(item: S) =>
  v.pipe(
    v.array(item),
    v.minLength(1, "must hold at least one request"),
    v.maxLength(MAX_REQUESTS, `must hold at most ${MAX_REQUESTS} requests`),
  );

/** The envelope alone: what is wrong with one request is told in its place, and the others are decided. */
export const batchEnvelopeSchema = v.strictObject({ requests: list(v.unknown()) });

/** The whole contract, for the OpenAPI document. */
export const batchRequestSchema = v.strictObject({ requests: list(routeRequestSchema) });

export const batchResponseSchema = v.object({
  object: v.literal("list"),
  /** In the order of the requests: a decision or an error each. */
  data: v.array(v.union([routeResponseSchema, errorBodySchema])),
});
export type BatchResponse = v.InferOutput<typeof batchResponseSchema>;
