import * as v from "valibot";
import { errorCodes } from "./error.ts";

const faultSchema = v.object({
  code: v.picklist(errorCodes),
  message: v.string(),
  /** When it was first seen, ISO 8601. */
  since: v.string(),
});

const retirementSchema = v.object({
  model: v.string(),
  /** The first day without it; null where the catalogue names none. */
  retires_on: v.nullable(v.string()),
  /** What its maker names in its place. */
  replaced_by: v.nullable(v.string()),
});

/** GET /health: `ok`, `degraded` (serving, but the last check found a fault, or traffic is not what it was) or `unavailable` (with HTTP 503). */
export const healthSchema = v.object({
  status: v.picklist(["ok", "degraded", "unavailable"]),
  faults: v.array(faultSchema),
  encoder: v.nullable(
    v.object({
      id: v.string(),
      checksum: v.string(),
      backend: v.string(),
      /** Bits of activations in this CPU's products: 8, or 7 with simd where the CPU takes no more; null for lexical. */
      activation_bits: v.nullable(v.number()),
      /** How long this isolate waited for the encoder's files from KV. */
      read_ms: v.nullable(v.number()),
    }),
  ),
  bundle: v.nullable(
    v.object({ checksum: v.string(), kind: v.string(), models: v.number(), tasks: v.number() }),
  ),
  /** The bundle that decides for a share of conversations; null where none does. */
  canary: v.nullable(v.object({ checksum: v.string(), percent: v.number(), models: v.number() })),
  /** The bundle that is scored beside the live one, and how often it chose otherwise in this isolate. */
  shadow: v.nullable(
    v.object({ checksum: v.string(), models: v.number(), compared: v.number(), different: v.number() }),
  ),
  catalogue: v.nullable(
    v.object({
      checksum: v.string(),
      models: v.number(),
      prices_as_of: v.string(),
      /** Models that have left their providers, and are no candidates. */
      retired: v.array(retirementSchema),
      /** Models that leave within 30 days. */
      retiring: v.array(retirementSchema),
    }),
  ),
  published_at: v.nullable(v.string()),
  checked_at: v.nullable(v.string()),
  embedding_cache: v.object({
    size: v.number(),
    capacity: v.number(),
    hits: v.number(),
    misses: v.number(),
    /** hits / (hits + misses); null before the first decision. */
    hit_rate: v.nullable(v.number()),
  }),
});
export type Health = v.InferOutput<typeof healthSchema>;
