import { kvKeys, nextPointer, type Pointer, parsePointer } from "../../contract/pointer.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { checksumOf } from "../../encoder/files.ts";
import type { KeyValue } from "./key-value.ts";
import type { Content, EncoderPublication, Publication, PublishCode } from "./publication.ts";

export interface Upload {
  readonly publication: Publication;
  /** Left out where the live encoder stays. */
  readonly encoder?: EncoderPublication;
  /** Told to people by `status`. */
  readonly source: string;
  readonly publishedAt: Date;
  readonly onProgress: (line: string) => void;
}

/** The pointer that is live; undefined where there is none or it can't be read any more. */
export async function readLivePointer(kv: KeyValue): Promise<Pointer | undefined> {
  const bytes = await kv.get(kvKeys.active);
  const pointer = bytes === undefined ? undefined : parsePointer(bytes);
  return pointer?.ok ? pointer.value : undefined;
}

/**
 * Stores the content by checksum, then moves the pointer: a Worker never sees half of it. Everything is read back.
 * @returns the new pointer
 */
export async function upload(
  kv: KeyValue,
  { publication, encoder, source, publishedAt, onProgress }: Upload,
): Promise<Result<Pointer, PublishCode | "not_stored">> {
  const live = await readLivePointer(kv);
  const trainedOn = publication.predictor.encoder;
  const encoderSha256 = encoder?.sha256 ?? live?.encoder;
  if (encoderSha256 === undefined)
    return fail("encoder_mismatch", "no encoder is live yet; name one with --encoder");
  if (trainedOn.checksum !== encoderSha256) {
    return fail(
      "encoder_mismatch",
      `the bundle was trained on encoder ${trainedOn.id} (${trainedOn.checksum}), not on ${encoderSha256}` +
        (encoder === undefined ? ", which is live; publish its encoder with --encoder <dir>" : ""),
    );
  }
  for (const content of [...(encoder?.contents ?? []), publication.bundle, publication.catalogue]) {
    const stored = await storeContent(kv, content, onProgress);
    if (!stored.ok) return stored;
  }
  const pointer = {
    ...nextPointer(live, {
      bundle: publication.bundle.sha256,
      catalogue: publication.catalogue.sha256,
      encoder: encoderSha256,
      published_at: publishedAt.toISOString(),
    }),
    source,
  };
  await kv.put(kvKeys.active, new TextEncoder().encode(JSON.stringify(pointer)));
  const readBack = await readLivePointer(kv);
  if (JSON.stringify(readBack) !== JSON.stringify(parsedAgain(pointer))) {
    return fail(
      "not_stored",
      "the pointer was written, but reads back differently; run `status` in a minute",
    );
  }
  return ok(pointer);
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
  const after = await kv.get(key);
  if (after === undefined || (await checksumOf(after)) !== sha256) {
    return fail(
      "not_stored",
      `${key} was written, but doesn't read back as it was; the pointer was left alone`,
    );
  }
  onProgress(`${key} stored, ${(bytes.byteLength / 1e6).toFixed(2)} MB`);
  return ok(null);
}
