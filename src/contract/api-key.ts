import { fromHex, toHex } from "../core/hex.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { toBase64Url } from "./base64.ts";
import { type KeyLimits, parseKeyLimits, writeKeyLimits } from "./key-limits.ts";

/** What keys may be limited to: deciding, completions at the operator's expense, feedback, seeing everyone's traffic. */
export const permissions = ["route", "chat", "feedback", "operate"] as const;
export type Permission = (typeof permissions)[number];

/** A key as the Worker knows it: never the key itself. */
export interface KeyRecord {
  /** Which key it is, for limits and logs; also part of the key. */
  readonly name: string;
  /** Hexadecimal. */
  readonly salt: string;
  /** SHA-256 of salt and key. A plain hash is enough because the key's secret has 256 random bits. */
  readonly hash: Uint8Array;
  readonly allows: ReadonlySet<Permission>;
  readonly limits: KeyLimits;
}

/** Of records in KV: some nine thousand, which an isolate reads within some hundredths of a second. */
export const MAX_KEY_RECORDS_BYTES = 1024 ** 2;

const NAME = /^[a-z0-9-]{1,40}$/;
const RECORD = /^([a-z0-9-]{1,40}):([0-9a-f]{32}):([0-9a-f]{64})(?::([a-z+]*)(?::(\S+))?)?$/;
const KEY_ANYWHERE = /sb_([a-z0-9-]{1,40})_[A-Za-z0-9_-]{43}/;
const KEY = new RegExp(`^${KEY_ANYWHERE.source}$`);

/** Whether a key of Signalbox stands somewhere in the text. */
export function holdsApiKey(text: string): boolean {
  return KEY_ANYWHERE.test(text);
}

/**
 * The value of the secret API_KEYS, or of another place (`where`, for messages): records, separated by commas or white
 * space: `name:salt:hash`, or `name:salt:hash:route+feedback` for a key that may do only that, and limits of what it may
 * ask for behind one more colon.
 */
export function parseKeyRecords(
  text: string,
  where = "API_KEYS",
): Result<ReadonlyMap<string, KeyRecord>, "misconfigured"> {
  const records = new Map<string, KeyRecord>();
  for (const entry of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const [, name, salt, hash, allowed = "", written = ""] = RECORD.exec(entry) ?? [];
    const allows = new Set(allowed === "" ? permissions : allowed.split("+"));
    const limits = parseKeyLimits(written);
    // The entry itself is not repeated: this may be a key that was pasted in the wrong place.
    if (
      name === undefined ||
      salt === undefined ||
      hash === undefined ||
      limits === undefined ||
      !arePermissions(allows)
    ) {
      return fail(
        "misconfigured",
        `record ${records.size + 1} of ${where} is not name:salt:hash, with permissions and limits as \`signalbox key\` writes them`,
        where,
      );
    }
    if (records.has(name)) return fail("misconfigured", `${where} has two records of "${name}"`, where);
    records.set(name, { name, salt, hash: fromHex(hash), allows, limits });
  }
  return ok(records);
}

function arePermissions(names: ReadonlySet<string>): names is ReadonlySet<Permission> {
  return [...names].every((name) => (permissions as readonly string[]).includes(name));
}

/** A new key, shown once, and its record for API_KEYS; without `allows` the key may do everything. */
export async function createApiKey(
  name: string,
  randomBytes: (count: number) => Uint8Array,
  allows?: readonly Permission[],
  limits: KeyLimits = {},
): Promise<Result<{ readonly key: string; readonly record: string }, "invalid_name">> {
  if (!NAME.test(name)) {
    return fail("invalid_name", "a key's name has 1 to 40 lower-case letters, digits and hyphens");
  }
  const key = `sb_${name}_${toBase64Url(randomBytes(32))}`;
  const salt = toHex(randomBytes(16));
  const written = writeKeyLimits(limits);
  const allowed = allows === undefined ? "" : allows.join("+");
  const ending = written !== "" ? `:${allowed}:${written}` : allowed !== "" ? `:${allowed}` : "";
  return ok({ key, record: `${name}:${salt}:${toHex(await hashKey(key, salt))}${ending}` });
}

// Compared when no record has the key's name, so that the time doesn't tell which names exist.
const nobody: KeyRecord = {
  name: "",
  salt: "0".repeat(32),
  hash: new Uint8Array(32),
  allows: new Set(),
  limits: {},
};

/** The record that a presented key belongs to; takes the same time whichever part is wrong. */
export async function findKey(
  records: ReadonlyMap<string, KeyRecord>,
  presented: string,
): Promise<KeyRecord | undefined> {
  const name = KEY.exec(presented)?.[1];
  const record = (name === undefined ? undefined : records.get(name)) ?? nobody;
  const matches = equalInConstantTime(await hashKey(presented, record.salt), record.hash);
  return matches && record !== nobody ? record : undefined;
}

async function hashKey(key: string, salt: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${salt}${key}`)));
}

/** Compares every byte, whatever the first difference. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let k = 0; k < a.length; k++) difference |= (a[k] as number) ^ (b[k] as number);
  return difference === 0;
}
