import { type KeyRecord, MAX_KEY_RECORDS_BYTES, parseKeyRecords } from "../../contract/api-key.ts";
import { kvKeys } from "../../contract/pointer.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { KeyValue } from "./key-value.ts";
import { showsUp } from "./shows-up.ts";

type KeysCode = "keys_unreadable" | "key_exists" | "no_such_key" | "keys_too_large" | "not_stored";

interface Stored {
  /** One record a line. */
  readonly lines: readonly string[];
  readonly records: ReadonlyMap<string, KeyRecord>;
}

/** The records of API keys that stand in KV, beside those of the secret API_KEYS. */
export async function readKeys(kv: KeyValue): Promise<Result<Stored, "keys_unreadable">> {
  const text = new TextDecoder().decode(await kv.get(kvKeys.keys));
  const records = parseKeyRecords(text, `\`${kvKeys.keys}\` in KV`);
  if (!records.ok) return fail("keys_unreadable", records.failure.message);
  return ok({ lines: text.split(/[\s,]+/).filter((line) => line !== ""), records: records.value });
}

/** Stores the record of a new key; one of the same name stays. */
export async function addKey(
  kv: KeyValue,
  name: string,
  record: string,
  onProgress: (line: string) => void,
): Promise<Result<null, KeysCode>> {
  const stored = await readKeys(kv);
  if (!stored.ok) return stored;
  if (stored.value.records.has(name)) {
    return fail(
      "key_exists",
      `there is a key "${name}" in KV already; end it with --revoke, or take another name`,
    );
  }
  return write(kv, [...stored.value.lines, record], onProgress);
}

/** Takes a record out: the key opens nothing from the next minutes on. */
export async function revokeKey(
  kv: KeyValue,
  name: string,
  onProgress: (line: string) => void,
): Promise<Result<null, KeysCode>> {
  const stored = await readKeys(kv);
  if (!stored.ok) return stored;
  if (!stored.value.records.has(name)) {
    return fail(
      "no_such_key",
      `KV has no record of a key "${name}"; one in the secret API_KEYS ends where that is set without it`,
    );
  }
  const left = stored.value.lines.filter((line) => !line.startsWith(`${name}:`));
  return write(kv, left, onProgress);
}

/** One value holds them all. KV has no transactions: who waits until it reads back takes nothing from the next command. */
async function write(
  kv: KeyValue,
  lines: readonly string[],
  onProgress: (line: string) => void,
): Promise<Result<null, "keys_too_large" | "not_stored">> {
  const text = lines.join("\n");
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength > MAX_KEY_RECORDS_BYTES) {
    return fail(
      "keys_too_large",
      `records of keys take ${MAX_KEY_RECORDS_BYTES} bytes at most; revoke some first`,
    );
  }
  await kv.put(kvKeys.keys, bytes);
  const isThere = async () => new TextDecoder().decode(await kv.get(kvKeys.keys)) === text;
  if (await showsUp(kv, "the record", isThere, onProgress)) return ok(null);
  return fail(
    "not_stored",
    "the record was written, but does not read back; look with `key --list` in a minute",
  );
}
