import { MAX_KEY_RECORDS_BYTES } from "../../contract/api-key.ts";
import type { ErrorCode } from "../../contract/error.ts";
import { type EncoderFileName, encoderFileNames, kvKeys } from "../../contract/pointer.ts";
import { parseTaskProfile, type TaskProfile } from "../../contract/task-profile.ts";
import { type Failure, fail, ok, type Result } from "../../core/result.ts";
import { checksumOf } from "../../encoder/files.ts";
import type { KeyValueReader } from "../platform.ts";
import { withinTime } from "../time-limit.ts";

// Values under a checksum never change, so the edge may keep them; the pointer must be fresh. 30 is KV's minimum.
const IMMUTABLE_TTL_SECONDS = 30 * 24 * 3600;
const POINTER_TTL_SECONDS = 30;
// A cold read of 24 MB takes a few seconds; a read that hangs must not hold the requests that wait for it.
const READ_TIMEOUT_MS = 10_000;

type StoredPart = "encoder" | "bundle" | "catalogue";
export type StoreCode = `${StoredPart}_missing` | `${StoredPart}_corrupt` | "storage_unavailable";

/** Raw bytes of the `active` key; undefined where nothing was published. */
export async function readPointer(
  kv: KeyValueReader,
): Promise<Result<Uint8Array | undefined, "storage_unavailable">> {
  return read(kv, kvKeys.active, POINTER_TTL_SECONDS);
}

/** Records of API keys beside those of the secret; empty where none are stored. Rejects where KV can't be read. */
export async function readKeyRecords(kv: KeyValueReader): Promise<string> {
  const bytes = await read(kv, kvKeys.keys, POINTER_TTL_SECONDS);
  if (!bytes.ok) throw new Error(bytes.failure.message);
  if ((bytes.value?.byteLength ?? 0) > MAX_KEY_RECORDS_BYTES) {
    throw new Error(`the key records have more than ${MAX_KEY_RECORDS_BYTES} bytes`);
  }
  return new TextDecoder().decode(bytes.value);
}

// An operator who stores a new profile waits no longer for it than for a new pointer.
const PROFILE_TTL_SECONDS = 30;

/** The profile of a named task; undefined where none is stored. */
export async function readTaskProfile(
  kv: KeyValueReader,
  name: string,
): Promise<Result<TaskProfile | undefined, "storage_unavailable" | "task_profile_invalid">> {
  const bytes = await read(kv, kvKeys.task(name), PROFILE_TTL_SECONDS);
  if (!bytes.ok) return bytes;
  return bytes.value === undefined ? ok(undefined) : parseTaskProfile(bytes.value);
}

/** The bytes under `bundle/<sha256>` or `catalogue/<sha256>`, checked against the checksum. */
export function readByChecksum(
  kv: KeyValueReader,
  part: "bundle" | "catalogue",
  sha256: string,
): Promise<Result<Uint8Array, StoreCode>> {
  return readImmutable((ttlSeconds) => readChecked(kv, part, sha256, ttlSeconds));
}

/**
 * Reads what never changes; where it is missing or damaged, once more, past the edge's copy. The edge keeps "there is
 * no such key" as long as it would keep the value, so that who asks before the value has arrived would otherwise be
 * told so for 30 days; asking with a shorter cacheTtl shortens that.
 */
export async function readImmutable<T, C extends ErrorCode>(
  readWith: (cacheTtlSeconds: number) => Promise<Result<T, C>>,
): Promise<Result<T, C>> {
  const first = await readWith(IMMUTABLE_TTL_SECONDS);
  return first.ok || !/_(missing|corrupt)$/.test(first.failure.code) ? first : readWith(POINTER_TTL_SECONDS);
}

async function readChecked(
  kv: KeyValueReader,
  part: "bundle" | "catalogue",
  sha256: string,
  cacheTtlSeconds: number,
): Promise<Result<Uint8Array, StoreCode>> {
  const key = kvKeys[part](sha256);
  const bytes = await read(kv, key, cacheTtlSeconds);
  if (!bytes.ok) return bytes;
  if (bytes.value === undefined) return fail(`${part}_missing`, `KV has no ${key}`, key);
  return verify(bytes.value, sha256, part, key);
}

/** The four files of an encoder, read in parallel. The manifest is checked here, the others by what it says. */
export async function readEncoderFiles(
  kv: KeyValueReader,
  sha256: string,
  cacheTtlSeconds: number,
): Promise<Result<Record<EncoderFileName, Uint8Array>, StoreCode>> {
  const files = await Promise.all(
    encoderFileNames.map(async (name) => {
      const key = kvKeys.encoder(sha256, name);
      return { name, key, bytes: await read(kv, key, cacheTtlSeconds) };
    }),
  );
  const found: Partial<Record<EncoderFileName, Uint8Array>> = {};
  for (const { name, key, bytes } of files) {
    if (!bytes.ok) return bytes;
    if (bytes.value === undefined) return fail("encoder_missing", `KV has no ${key}`, key);
    found[name] = bytes.value;
  }
  const complete = found as Record<EncoderFileName, Uint8Array>;
  const manifest = await verify(complete.manifest, sha256, "encoder", kvKeys.encoder(sha256, "manifest"));
  return manifest.ok ? ok(complete) : manifest;
}

/** Fails with `<part>_corrupt` unless the bytes have the checksum. */
async function verify(
  bytes: Uint8Array,
  sha256: string,
  part: StoredPart,
  key: string,
): Promise<Result<Uint8Array, `${StoredPart}_corrupt`>> {
  const actual = await checksumOf(bytes);
  if (actual === sha256) return ok(bytes);
  return fail(
    `${part}_corrupt`,
    `${key} has ${bytes.byteLength} bytes with checksum ${actual}, not ${sha256}: truncated or damaged`,
    key,
  );
}

async function read(
  kv: KeyValueReader,
  key: string,
  cacheTtl: number,
): Promise<Result<Uint8Array | undefined, "storage_unavailable">> {
  try {
    const buffer = await withinTime(READ_TIMEOUT_MS, kv.get(key, { type: "arrayBuffer", cacheTtl }));
    return ok(buffer === null ? undefined : new Uint8Array(buffer));
  } catch (error) {
    return unavailable(key, error);
  }
}

function unavailable(
  key: string,
  error: unknown,
): { readonly ok: false; readonly failure: Failure<"storage_unavailable"> } {
  return fail("storage_unavailable", `KV could not read ${key}: ${String(error)}`, key);
}
