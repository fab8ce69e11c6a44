import { type KeyRecord, parseKeyRecords } from "../../contract/api-key.ts";
import { fail, ok, type Result } from "../../core/result.ts";

/** What of Workers KV is used. Types of the platform are declared here, in the parts that Signalbox needs. */
export interface KeyValueReader {
  get(
    key: string,
    options: { readonly type: "arrayBuffer"; readonly cacheTtl?: number },
  ): Promise<ArrayBuffer | null>;
}

/** The platform's rate limiter; its limit and period stand in wrangler.toml. */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Who may call the API. */
type Access =
  | { readonly kind: "open" }
  | { readonly kind: "keys"; readonly keys: ReadonlyMap<string, KeyRecord> };

/** The Worker's environment as the platform hands it over: unchecked. */
export type Env = Readonly<Record<string, unknown>>;

const encoderBackends = ["onnx", "simd", "lexical"] as const;
export type EncoderBackend = (typeof encoderBackends)[number];

/** The environment, checked. */
export interface Settings {
  readonly kv: KeyValueReader;
  readonly encoderBackend: EncoderBackend;
  readonly access: Access;
  /** Without the binding, keys have no limit. */
  readonly rateLimiter: RateLimiter | undefined;
  /** Origins of web pages that may call the API; `*` allows all. */
  readonly corsOrigins: readonly string[];
  /** Names under which the Worker answers, without port; undefined for any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Milliseconds after which the `active` pointer is read again. */
  readonly pointerRefreshMs: number;
  /** Largest request body in bytes. */
  readonly maxBodyBytes: number;
  /** Milliseconds within which a body must have arrived. */
  readonly bodyTimeoutMs: number;
  /** Milliseconds that a provider has until the first byte of its answer. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds that all attempts together have until the first byte. */
  readonly totalTimeoutMs: number;
  /** Models that are tried for one completion. */
  readonly maxAttempts: number;
  /** Providers, by their name in the catalogue, that get the caller's own `Authorization` in place of a secret. */
  readonly passAuthorization: ReadonlySet<string>;
  /** The Worker's secret of that name. */
  readonly secret: (name: string) => string | undefined;
  /** Whether each decision is a line of the log. */
  readonly logDecisions: boolean;
  /** Embeddings kept in the isolate; each takes 3 KB. */
  readonly embeddingCacheEntries: number;
}

interface NumberVariable {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

// Numbers that an operator may set as variables, with what they are without.
const numberVariables = {
  POINTER_REFRESH_MS: { default: 30_000, minimum: 0, maximum: 3_600_000 },
  // Messages may carry images as data URLs; the platform itself stops at 100 MB.
  MAX_BODY_BYTES: { default: 8 * 1024 * 1024, minimum: 1024, maximum: 64 * 1024 * 1024 },
  BODY_TIMEOUT_MS: { default: 15_000, minimum: 100, maximum: 300_000 },
  // A completion that isn't streamed begins only when it is finished, so these are long.
  ATTEMPT_TIMEOUT_MS: { default: 120_000, minimum: 10, maximum: 3_600_000 },
  TOTAL_TIMEOUT_MS: { default: 300_000, minimum: 10, maximum: 3_600_000 },
  MAX_ATTEMPTS: { default: 3, minimum: 1, maximum: 20 },
  EMBEDDING_CACHE_ENTRIES: { default: 1024, minimum: 0, maximum: 8192 },
} as const satisfies Record<string, NumberVariable>;

/** Checks the environment once; the failure's `param` is the variable or binding that is wrong. */
export function parseBindings(env: Env): Result<Settings, "misconfigured"> {
  const kv = env["SIGNALBOX"];
  if (typeof (kv as Partial<KeyValueReader> | undefined)?.get !== "function") {
    return fail("misconfigured", "the KV namespace SIGNALBOX is not bound; see wrangler.toml", "SIGNALBOX");
  }
  const backend = env["ENCODER_BACKEND"] ?? "onnx";
  if (!isBackend(backend)) {
    return fail(
      "misconfigured",
      `ENCODER_BACKEND must be one of ${encoderBackends.join(", ")}`,
      "ENCODER_BACKEND",
    );
  }
  const rateLimiter = env["RATE_LIMITER"];
  if (rateLimiter !== undefined && typeof (rateLimiter as Partial<RateLimiter>).limit !== "function") {
    return fail(
      "misconfigured",
      "RATE_LIMITER must be bound under [[ratelimits]]; see wrangler.toml",
      "RATE_LIMITER",
    );
  }
  const access = parseAccess(env);
  if (!access.ok) return access;
  const corsOrigins = parseOrigins(env["CORS_ORIGINS"]);
  if (!corsOrigins.ok) return corsOrigins;
  const allowedHosts = listOf(env["ALLOWED_HOSTS"]).map((host) => host.toLowerCase());
  const numbers = parseNumbers(env);
  if (!numbers.ok) return numbers;
  return ok({
    kv: kv as KeyValueReader,
    encoderBackend: backend,
    access: access.value,
    rateLimiter: rateLimiter as RateLimiter | undefined,
    corsOrigins: corsOrigins.value,
    allowedHosts: allowedHosts.length === 0 ? undefined : allowedHosts,
    pointerRefreshMs: numbers.value.POINTER_REFRESH_MS,
    maxBodyBytes: numbers.value.MAX_BODY_BYTES,
    bodyTimeoutMs: numbers.value.BODY_TIMEOUT_MS,
    attemptTimeoutMs: numbers.value.ATTEMPT_TIMEOUT_MS,
    totalTimeoutMs: numbers.value.TOTAL_TIMEOUT_MS,
    maxAttempts: numbers.value.MAX_ATTEMPTS,
    passAuthorization: new Set(listOf(env["PASS_AUTHORIZATION"])),
    secret: (name) => secretOf(env[name]),
    logDecisions: env["LOG_DECISIONS"] === "true",
    embeddingCacheEntries: numbers.value.EMBEDDING_CACHE_ENTRIES,
  });
}

function isBackend(value: unknown): value is EncoderBackend {
  return (encoderBackends as readonly unknown[]).includes(value);
}

function parseNumbers(env: Env): Result<Record<keyof typeof numberVariables, number>, "misconfigured"> {
  const values: Record<string, number> = {};
  for (const [name, { default: standard, minimum, maximum }] of Object.entries(numberVariables)) {
    const raw = env[name];
    const value = raw === undefined || raw === "" ? standard : Number(raw);
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      return fail("misconfigured", `${name} must be a whole number from ${minimum} to ${maximum}`, name);
    }
    values[name] = value;
  }
  return ok(values as Record<keyof typeof numberVariables, number>);
}

// Closed unless somebody opened it on purpose: a forgotten secret must not become a public router.
function parseAccess(env: Env): Result<Access, "misconfigured"> {
  const auth = env["AUTH"] ?? "keys";
  if (auth === "open") return ok({ kind: "open" });
  if (auth !== "keys") return fail("misconfigured", "AUTH must be `keys` (the default) or `open`", "AUTH");
  const secret = keyRecordsOf(env);
  if (secret.trim() === "") {
    return fail("misconfigured", "set the secret API_KEYS, or AUTH=open to let everyone in", "API_KEYS");
  }
  const keys = parseKeyRecords(secret);
  return keys.ok ? ok({ kind: "keys", keys: keys.value }) : keys;
}

/**
 * A secret as it is sent. The platform trims headers: a line end that was pasted along would be sent to the provider
 * without it, and looked for in its answers with it. One with white space or controls inside is no key of anything.
 */
function secretOf(value: unknown): string | undefined {
  const trimmed = typeof value === "string" ? value.trim() : "";
  return /^[!-~]+$/.test(trimmed) ? trimmed : undefined;
}

/** API_KEYS, and API_KEYS_2, API_KEYS_3 and so on: Cloudflare gives a secret 5 KB, which is 41 records. */
function keyRecordsOf(env: Env): string {
  return Object.entries(env)
    .filter(([name, value]) => /^API_KEYS(?:_\d+)?$/.test(name) && typeof value === "string")
    .map(([, value]) => value)
    .join("\n");
}

function parseOrigins(value: unknown): Result<readonly string[], "misconfigured"> {
  const origins = listOf(value);
  // As browsers write them: apps and extensions have schemes of their own, pages without an origin say `null`.
  const wrong = origins.findIndex(
    (origin) => !["*", "null"].includes(origin) && !/^[a-z][a-z0-9+.-]*:\/\/[^/]+$/i.test(origin),
  );
  if (wrong < 0) return ok(origins);
  // The entry itself is not repeated: everyone may read this, and it may be a secret in the wrong place.
  return fail(
    "misconfigured",
    `CORS_ORIGINS must list origins such as https://app.example; entry ${wrong + 1} is none`,
    "CORS_ORIGINS",
  );
}

/** Words separated by commas or white space. */
function listOf(value: unknown): readonly string[] {
  return typeof value === "string" ? value.split(/[\s,]+/).filter((word) => word !== "") : [];
}
