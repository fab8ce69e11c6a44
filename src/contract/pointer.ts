import * as v from "valibot";
import { fail, ok, type Result } from "../core/result.ts";
import { checksum } from "./fields.ts";
import { parseJson, parseWith } from "./parse.ts";

/** Checksums of what is live together. The encoder's is the checksum of its manifest. */
const liveSchema = v.object({
  bundle: checksum,
  catalogue: checksum,
  encoder: checksum,
  // Everybody is told it by /health.
  published_at: v.pipe(v.string(), v.maxLength(100, "is too long")),
});

/** A bundle that is tried beside the live one, on the same encoder; its catalogue goes along where prices or models differ. */
const trialEntries = { bundle: checksum, catalogue: v.optional(checksum) };

/** The value of the KV key `active`. Unknown fields are let through, so that an older Worker survives a newer CLI. */
export const pointerSchema = v.object({
  format_version: v.literal(1),
  ...liveSchema.entries,
  canary: v.optional(
    v.object({ ...trialEntries, percent: v.pipe(v.number(), v.minValue(0), v.maxValue(100)) }),
  ),
  shadow: v.optional(v.object(trialEntries)),
  /** Where it was published from, for people. */
  source: v.optional(v.string()),
  /** When the pointer was last moved, by whichever command. */
  changed_at: v.optional(v.string()),
  /** What the live bundle or the canary was learned from: without it, nothing more could be learned. */
  base: v.optional(checksum),
  /** What was live before, the latest first. */
  previous: v.optional(v.array(liveSchema), []),
});
export type Pointer = v.InferOutput<typeof pointerSchema>;
type Live = v.InferOutput<typeof liveSchema>;

/** JSON bytes -> a checked pointer. */
export function parsePointer(bytes: Uint8Array): Result<Pointer, "pointer_invalid"> {
  const json = parseJson(bytes, "pointer_invalid");
  return json.ok ? parseWith(pointerSchema, json.value, "pointer_invalid") : json;
}

/** How many earlier states a pointer remembers. */
const MAX_PREVIOUS = 10;

/** The pointer that makes `live` active and remembers what was; canary and shadow of the earlier state end with it. */
export function nextPointer(before: Pointer | undefined, live: Live): Pointer {
  const earlier = before === undefined ? [] : [liveOf(before), ...before.previous];
  return {
    format_version: 1,
    ...live,
    changed_at: live.published_at,
    previous: earlier.slice(0, MAX_PREVIOUS),
  };
}

function liveOf({ bundle, catalogue, encoder, published_at }: Pointer): Live {
  return { bundle, catalogue, encoder, published_at };
}

/** The pointer with the canary made live for everyone. */
export function promoteCanary(before: Pointer, publishedAt: string): Result<Pointer, "no_canary"> {
  const { canary, shadow } = before;
  if (canary === undefined) return fail("no_canary", "no canary is running; start one with publish --canary");
  const { bundle, catalogue = before.catalogue } = canary;
  const next = nextPointer(before, { bundle, catalogue, encoder: before.encoder, published_at: publishedAt });
  return ok({
    ...next,
    ...(before.base === undefined ? {} : { base: before.base }),
    ...(shadow === undefined || shadow.bundle === bundle ? {} : { shadow }),
  });
}

/** The pointer with the canary taken back, or where none runs, with the state before the live one. */
export function rollBack(
  before: Pointer,
  changedAt: string,
): Result<{ readonly pointer: Pointer; readonly ended: "canary" | "live" }, "no_previous"> {
  const { canary, shadow, source: _, ...rest } = before;
  if (canary !== undefined) {
    const { canary: _ended, ...kept } = before;
    return ok({ pointer: { ...kept, changed_at: changedAt }, ended: "canary" });
  }
  const [target, ...previous] = before.previous;
  if (target === undefined)
    return fail("no_previous", "there is no canary, and nothing was live before this");
  // A shadow is scored on the live encoder's embeddings: on another encoder it would mean nothing.
  const keepsShadow = shadow !== undefined && target.encoder === before.encoder;
  return ok({
    pointer: {
      ...rest,
      ...target,
      changed_at: changedAt,
      previous,
      ...(keepsShadow ? { shadow } : {}),
    },
    ended: "live",
  });
}

/** The pointer with a bundle that was learned from feedback, on the catalogue and encoder that are live. */
export function learnedPointer(
  before: Pointer,
  { bundle, base }: { readonly bundle: string; readonly base: string },
  role: { readonly kind: "live" } | { readonly kind: "canary"; readonly percent: number },
  changedAt: string,
): Pointer {
  if (role.kind === "canary") {
    return { ...before, base, changed_at: changedAt, canary: { bundle, percent: role.percent } };
  }
  const { catalogue, encoder, shadow } = before;
  const next = nextPointer(before, { bundle, catalogue, encoder, published_at: changedAt });
  return { ...next, base, source: "learned from feedback", ...(shadow === undefined ? {} : { shadow }) };
}

/** Every KV key that the pointer needs, also to roll back; anything else under their prefixes may go. */
export function referencedKeys(pointer: Pointer): ReadonlySet<string> {
  const states = [pointer, ...pointer.previous];
  const trials = [pointer.canary, pointer.shadow].filter((trial) => trial !== undefined);
  return new Set([
    ...states.flatMap(({ encoder }) => encoderFileNames.map((name) => kvKeys.encoder(encoder, name))),
    ...[...states, ...trials].map(({ bundle }) => kvKeys.bundle(bundle)),
    ...(pointer.base === undefined ? [] : [kvKeys.bundle(pointer.base)]),
    ...[...states, ...trials].flatMap(({ catalogue }) =>
      catalogue === undefined ? [] : [kvKeys.catalogue(catalogue)],
    ),
  ]);
}

/** KV keys, in one place for those who write and those who read. */
export const kvKeys = {
  active: "active",
  /** Records of API keys, as in the secret API_KEYS. */
  keys: "keys",
  bundle: (sha256: string) => `bundle/${sha256}`,
  catalogue: (sha256: string) => `catalogue/${sha256}`,
  encoder: (sha256: string, file: EncoderFileName) => `encoder/${sha256}/${file}`,
  task: (name: string) => `task/${name}`,
} as const;

export const encoderFileNames = ["manifest", "graph", "weights", "tokenizer"] as const;
export type EncoderFileName = (typeof encoderFileNames)[number];
