import { kvKeys, nextPointer, type Pointer, parsePointer } from "../../contract/pointer.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { checksumOf } from "../../encoder/files.ts";
import type { KeyValue } from "./key-value.ts";
import { checkProviders } from "./provider-addresses.ts";
import type { Content, EncoderPublication, Publication, PublishCode } from "./publication.ts";
import { showsUp } from "./shows-up.ts";

export interface Upload {
  readonly publication: Publication;
  /** Left out where the live encoder stays. */
  readonly encoder?: EncoderPublication;
  /** Told to people by `status`. */
  readonly source: string;
  readonly publishedAt: Date;
  /** Live for all where it is left out. */
  readonly role?: Role;
  /** Hosts of providers that somebody has typed, beside those that are known. */
  readonly acceptedHosts?: readonly string[];
  readonly onProgress: (line: string) => void;
}

/** The pointer that is live; undefined where there is none or it can't be read any more. */
export async function readLivePointer(kv: KeyValue): Promise<Pointer | undefined> {
  const bytes = await kv.get(kvKeys.active);
  const pointer = bytes === undefined ? undefined : parsePointer(bytes);
  return pointer?.ok ? pointer.value : undefined;
}

/** What a publication is to be: live for all, or tried beside the live bundle. */
export type Role =
  | { readonly kind: "live" }
  | { readonly kind: "canary"; readonly percent: number }
  | { readonly kind: "shadow" };

/** Checked, and not yet stored: what would be written, and the pointer that would be set. */
export interface UploadPlan {
  readonly before: Pointer | undefined;
  readonly contents: readonly Content[];
  readonly pointer: Pointer;
  /** Whether prompts and keys may go where the catalogue sends them. */
  readonly acceptance: Result<null, "providers_not_accepted">;
}

/** Checks a publication against what is live; nothing is written. */
export async function planUpload(
  kv: KeyValue,
  { publication, encoder, source, publishedAt, role = { kind: "live" }, acceptedHosts = [] }: Upload,
): Promise<Result<UploadPlan, PublishCode | "nothing_live">> {
  const before = await readLivePointer(kv);
  if (role.kind !== "live" && before === undefined) {
    return fail(
      "nothing_live",
      `a ${role.kind} runs beside a live bundle, and none is live; publish one first`,
    );
  }
  const trainedOn = publication.predictor.encoder;
  const encoderSha256 = encoder?.sha256 ?? before?.encoder;
  if (encoderSha256 === undefined)
    return fail("encoder_mismatch", "no encoder is live yet; name one with --encoder");
  if (trainedOn.checksum !== encoderSha256) {
    return fail(
      "encoder_mismatch",
      `the bundle was trained on encoder ${trainedOn.id} (${trainedOn.checksum}), not on ${encoderSha256}` +
        (encoder === undefined ? ", which is live; publish its encoder with --encoder <dir>" : ""),
    );
  }
  if (role.kind !== "live" && encoderSha256 !== before?.encoder) {
    return fail(
      "encoder_mismatch",
      `a ${role.kind} is scored on the live encoder's embeddings, so that it must be trained on that encoder`,
    );
  }
  const contents = [...(encoder?.contents ?? []), publication.bundle, publication.catalogue];
  const acceptance = await checkProviders(kv, before, publication.catalogue.parsed, acceptedHosts);
  const bundle = publication.bundle.sha256;
  const catalogue = publication.catalogue.sha256;
  const changed_at = publishedAt.toISOString();
  if (role.kind === "live" || before === undefined) {
    const live = { bundle, catalogue, encoder: encoderSha256, published_at: changed_at };
    return ok({ before, contents, pointer: { ...nextPointer(before, live), source }, acceptance });
  }
  const trial = {
    bundle,
    ...(catalogue === before.catalogue ? {} : { catalogue }),
  };
  const pointer =
    role.kind === "canary"
      ? { ...before, changed_at, canary: { ...trial, percent: role.percent } }
      : { ...before, changed_at, shadow: trial };
  return ok({ before, contents, pointer, acceptance });
}

/**
 * Stores the content by checksum, then moves the pointer: a Worker never sees half of it. Everything is read back.
 * @returns the new pointer
 */
export async function upload(
  kv: KeyValue,
  asked: Upload,
): Promise<Result<Pointer, PublishCode | "nothing_live" | "providers_not_accepted" | PointerMoveCode>> {
  const plan = await planUpload(kv, asked);
  if (!plan.ok) return plan;
  const { before, contents, pointer, acceptance } = plan.value;
  if (!acceptance.ok) return acceptance;
  for (const content of contents) {
    const stored = await storeContent(kv, content, asked.onProgress);
    if (!stored.ok) return stored;
  }
  return movePointer(kv, before, pointer, asked.onProgress);
}

export type PointerMoveCode = "not_stored" | "changed_meanwhile";

/**
 * Sets the pointer and reads it back. KV has no transactions: somebody else's move is noticed up to the moment of
 * writing, not within it.
 */
export async function movePointer(
  kv: KeyValue,
  before: Pointer | undefined,
  next: Pointer,
  onProgress: (line: string) => void,
): Promise<Result<Pointer, PointerMoveCode>> {
  const now = await readLivePointer(kv);
  if (JSON.stringify(now) !== JSON.stringify(before)) {
    return fail(
      "changed_meanwhile",
      "somebody else moved the pointer meanwhile; look at `status` and try again",
    );
  }
  await kv.put(kvKeys.active, new TextEncoder().encode(JSON.stringify(next)));
  const written = JSON.stringify(parsedAgain(next));
  const isThere = async () => JSON.stringify(await readLivePointer(kv)) === written;
  if (await showsUp(kv, "the pointer", isThere, onProgress)) return ok(next);
  return fail(
    "not_stored",
    "the pointer was written, but reads back differently; run `status` in a minute: Workers follow it once it is there",
  );
}

function parsedAgain(pointer: Pointer): Pointer | undefined {
  const parsed = parsePointer(new TextEncoder().encode(JSON.stringify(pointer)));
  return parsed.ok ? parsed.value : undefined;
}

async function storeContent(
  kv: KeyValue,
  { key, bytes, sha256 }: Content,
  onProgress: (line: string) => void,
): Promise<Result<null, "not_stored">> {
  const before = await kv.get(key);
  if (before !== undefined && (await checksumOf(before)) === sha256) {
    onProgress(`${key} is there`);
    return ok(null);
  }
  await kv.put(key, bytes);
  const isThere = async () => {
    const after = await kv.get(key);
    return after !== undefined && (await checksumOf(after)) === sha256;
  };
  if (!(await showsUp(kv, key, isThere, onProgress))) {
    return fail(
      "not_stored",
      `${key} was written, but doesn't read back as it was; the pointer was left alone`,
    );
  }
  onProgress(`${key} stored, ${(bytes.byteLength / 1e6).toFixed(2)} MB`);
  return ok(null);
}
