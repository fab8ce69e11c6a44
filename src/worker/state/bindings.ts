import { type KeyRecord, parseKeyRecords } from "../../contract/api-key.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Analytics, Database, KeyValue, RateLimiter, StoredSecret } from "../platform.ts";
import type { KeySource } from "./key-ring.ts";
import { type Variable, variables } from "./variables.ts";

/** The Worker's environment as the platform hands it over: unchecked. It is read here, and nowhere else. */
export type Env = Readonly<Record<string, unknown>>;

/** Who may call the API. */
type Access =
  | { readonly kind: "open" }
  | {
      readonly kind: "keys";
      /** Of secrets of the Worker's own. */
      readonly keys: ReadonlyMap<string, KeyRecord>;
      /** Secrets of a Secrets Store, bound under such names. */
      readonly stores: readonly KeySource[];
    };

type Values = {
  readonly [K in keyof typeof variables]: (typeof variables)[K] extends Variable<infer T> ? T : never;
};

export type EncoderBackend = Values["encoderBackend"];

interface Bound {
  readonly kv: KeyValue;
  /** Feedback, and decisions where DECISION_LOG says so. */
  readonly database: Database;
  readonly analytics: Analytics;
  /** Without the binding, keys have no limit. */
  readonly rateLimiter: RateLimiter;
}

/** What may be bound: under which name, under which table of wrangler.toml, and a method that tells that it is. */
export const bindings = {
  kv: { name: "SIGNALBOX", table: "kv_namespaces", method: "get" },
  database: { name: "DB", table: "d1_databases", method: "prepare" },
  analytics: { name: "ANALYTICS", table: "analytics_engine_datasets", method: "writeDataPoint" },
  rateLimiter: { name: "RATE_LIMITER", table: "ratelimits", method: "limit" },
} as const satisfies Record<keyof Bound, { name: string; table: string; method: string }>;

/** The environment, checked. */
export interface Settings extends Omit<Values, "auth">, Pick<Bound, "kv">, Partial<Omit<Bound, "kv">> {
  readonly access: Access;
  /** The Worker's secret of that name. */
  readonly secret: (name: string) => string | undefined;
}

/** Checks the environment once; the failure's `param` is the variable or binding that is wrong. */
export function parseBindings(env: Env): Result<Settings, "misconfigured"> {
  const bound = readBindings(env);
  if (!bound.ok) return bound;
  const { kv, database } = bound.value;
  if (kv === undefined) return notBound(bindings.kv);
  const read = readVariables(env);
  if (!read.ok) return read;
  const { auth, ...values } = read.value;
  const access = auth === "open" ? ok({ kind: "open" } as const) : parseKeys(env);
  if (!access.ok) return access;
  if (values.decisionLog === "d1" && database === undefined) {
    return fail("misconfigured", "DECISION_LOG is `d1`, but no D1 database is bound as DB", "DB");
  }
  if (values.explore > 0 && values.decisionLog !== "d1") {
    return fail(
      "misconfigured",
      "EXPLORE needs DECISION_LOG = `d1`: a draw that isn't kept tells nothing",
      "EXPLORE",
    );
  }
  if (values.learn !== "off" && database === undefined) {
    return fail("misconfigured", `LEARN is \`${values.learn}\`, but no D1 database is bound as DB`, "DB");
  }
  return ok({
    ...values,
    ...bound.value,
    kv,
    access: access.value,
    allowedHosts: values.allowedHosts.map((host) => host.toLowerCase()),
    secret: (name) => secretOf(env[name]),
  });
}

function readBindings(env: Env): Result<Partial<Bound>, "misconfigured"> {
  const found: Record<string, unknown> = {};
  for (const [key, binding] of Object.entries(bindings)) {
    const value = env[binding.name] as Readonly<Record<string, unknown>> | undefined;
    if (value === undefined) continue;
    if (typeof value?.[binding.method] !== "function") return notBound(binding);
    found[key] = value;
  }
  return ok(found);
}

function notBound({ name, table }: (typeof bindings)[keyof Bound]) {
  return fail("misconfigured", `${name} must be bound under [[${table}]]; see wrangler.toml`, name);
}

function readVariables(env: Env): Result<Values, "misconfigured"> {
  const values: Record<string, unknown> = {};
  for (const [key, { name, standard, parse }] of Object.entries(variables)) {
    const text = String(env[name] ?? "");
    const value = parse(text === "" ? standard : text);
    if (!value.ok) return value;
    values[key] = value.value;
  }
  return ok(values as Values);
}

// API_KEYS, and API_KEYS_2, API_KEYS_3 and so on: Cloudflare gives a secret 5 KB, which is 41 records.
// Closed unless somebody opened it on purpose: a forgotten secret must not become a public router.
function parseKeys(env: Env): Result<Access, "misconfigured"> {
  const bound = Object.entries(env).filter(([name]) => /^API_KEYS(?:_\d+)?$/.test(name));
  const secret = bound.flatMap(([, value]) => (typeof value === "string" ? [value] : [])).join("\n");
  const stores = bound.flatMap(([name, value]) =>
    isStored(value) ? [{ name, read: () => value.get() }] : [],
  );
  if (secret.trim() === "" && stores.length === 0) {
    return fail("misconfigured", "set the secret API_KEYS, or AUTH=open to let everyone in", "API_KEYS");
  }
  const keys = parseKeyRecords(secret);
  return keys.ok ? ok({ kind: "keys", keys: keys.value, stores }) : keys;
}

function isStored(value: unknown): value is StoredSecret {
  return typeof (value as Partial<StoredSecret> | undefined)?.get === "function";
}

/**
 * A secret as it is sent. The platform trims headers: a line end that was pasted along would be sent to the provider
 * without it, and looked for in its answers with it. One with white space or controls inside is no key of anything.
 */
function secretOf(value: unknown): string | undefined {
  const trimmed = typeof value === "string" ? value.trim() : "";
  return /^[!-~]+$/.test(trimmed) ? trimmed : undefined;
}
