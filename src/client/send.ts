import { errorOfAnswer, SignalboxError } from "./signalbox-error.ts";

/** One call of the API. */
export interface Call {
  readonly url: string;
  /** Sent as JSON by POST; a call without it is a GET. */
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
  /** Whether a body that comes with another status than 2xx is an answer all the same. */
  readonly isAnswer?: (body: unknown) => boolean;
}

/** How calls are sent. */
export interface SendOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Tries after the first one. */
  readonly maxRetries: number;
  /** Milliseconds that one try may take. */
  readonly timeoutMs: number;
  /** In [0, 1); an argument so that tests can fix it. */
  readonly random: () => number;
}

// Another try may help; every call of the API may be repeated, because deciding changes nothing.
const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;

/** Sends one call, again where that may help, and returns the parsed answer. */
export async function send<T>(call: Call, options: SendOptions): Promise<T> {
  for (let tried = 0; ; tried++) {
    call.signal?.throwIfAborted();
    const result = await sendOnce<T>(call, options);
    if (result.ok) return result.value;
    if (!result.again || tried >= options.maxRetries) throw result.error;
    await wait(delayMs(tried, result.retryAfterMs, options.random), call.signal);
  }
}

type Sent<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly error: SignalboxError;
      readonly again: boolean;
      readonly retryAfterMs?: number;
    };

async function sendOnce<T>(
  { url, body, signal, isAnswer = () => false }: Call,
  { fetch: send, headers, timeoutMs }: SendOptions,
): Promise<Sent<T>> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const answer = parseJson(await response.text());
    if (answer !== undefined && (response.ok || isAnswer(answer))) return { ok: true, value: answer as T };
    const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
    return {
      ok: false,
      error: errorOfAnswer(response.status, answer),
      again: RETRIED_STATUSES.has(response.status),
      ...(Number.isFinite(retryAfterS) ? { retryAfterMs: retryAfterS * 1000 } : {}),
    };
  } catch (cause) {
    // The caller's own abort is the caller's own reason, not an error of Signalbox.
    signal?.throwIfAborted();
    const error = timeout.aborted
      ? new SignalboxError("timeout", `no answer within ${timeoutMs} ms`, { cause })
      : new SignalboxError("network_error", `${url} could not be reached`, { cause });
    return { ok: false, error, again: true };
  }
}

/** Undefined where the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Full jitter: anything up to a bound that doubles, so that clients which failed together don't return together. */
function delayMs(tried: number, retryAfterMs: number | undefined, random: () => number): number {
  const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** tried);
  return Math.min(retryAfterMs ?? 0, LONGEST_DELAY_MS) + random() * bound;
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", aborted, { once: true });
    function done() {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
