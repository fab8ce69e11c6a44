import * as v from "valibot";
import type { Result } from "../core/result.ts";
import { checksum } from "./fields.ts";
import { parseJson, parseWith } from "./parse.ts";

/** Checksums of what is live together. The encoder's is the checksum of its manifest. */
const liveSchema = v.object({
  bundle: checksum,
  catalogue: checksum,
  encoder: checksum,
  published_at: v.string(),
});

/** The value of the KV key `active`. Unknown fields are let through, so that an older Worker survives a newer CLI. */
const pointerSchema = v.object({
  format_version: v.literal(1),
  ...liveSchema.entries,
  canary: v.optional(
    v.object({ bundle: checksum, percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)) }),
  ),
  shadow: v.optional(v.object({ bundle: checksum })),
  /** Where it was published from, for people. */
  source: v.optional(v.string()),
  /** What was live before, the latest first. */
  previous: v.optional(v.array(liveSchema), []),
});
export type Pointer = v.InferOutput<typeof pointerSchema>;

/** JSON bytes -> a checked pointer. */
export function parsePointer(bytes: Uint8Array): Result<Pointer, "pointer_invalid"> {
  const json = parseJson(bytes, "pointer_invalid");
  return json.ok ? parseWith(pointerSchema, json.value, "pointer_invalid") : json;
}

/** How many earlier states a pointer remembers. */
const MAX_PREVIOUS = 10;

/** The pointer that makes `live` active and remembers what was. */
export function nextPointer(
  before: Pointer | undefined,
  live: {
    readonly bundle: string;
    readonly catalogue: string;
    readonly encoder: string;
    readonly published_at: string;
  },
): Pointer {
  const earlier =
    before === undefined
      ? []
      : [
          {
            bundle: before.bundle,
            catalogue: before.catalogue,
            encoder: before.encoder,
            published_at: before.published_at,
          },
          ...before.previous,
        ];
  return { format_version: 1, ...live, previous: earlier.slice(0, MAX_PREVIOUS) };
}

/** KV keys, in one place for those who write and those who read. */
export const kvKeys = {
  active: "active",
  bundle: (sha256: string) => `bundle/${sha256}`,
  catalogue: (sha256: string) => `catalogue/${sha256}`,
  encoder: (sha256: string, file: EncoderFileName) => `encoder/${sha256}/${file}`,
} as const;

export const encoderFileNames = ["manifest", "graph", "weights", "tokenizer"] as const;
export type EncoderFileName = (typeof encoderFileNames)[number];
