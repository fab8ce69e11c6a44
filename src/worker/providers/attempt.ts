import { withinTime } from "../time-limit.ts";
import type { Target } from "./provider.ts";
import { createRedactor } from "./redact.ts";

/** What came of sending a completion to one provider. */
export type Attempt =
  /** The provider's answer, good or bad, with the first byte at hand. */
  | { readonly kind: "answered"; readonly response: Response; readonly body: ReadableStream | null }
  /** Another model may be tried: nothing of an answer was seen. */
  | {
      readonly kind: "failed";
      readonly cause: "unreachable" | "timeout" | "rate_limited" | "server_error";
      readonly status?: number;
      readonly retryAfterMs?: number;
    }
  /** The provider doesn't take the Worker's key. */
  | { readonly kind: "refused" };

/**
 * Sends the body to one provider and waits for the first byte of the answer. Where the caller goes away meanwhile, the
 * platform ends the request to the provider with the caller's.
 */
export async function attempt(
  target: Target,
  body: Readonly<Record<string, unknown>>,
  timeoutMs: number,
  watch: StreamWatch,
): Promise<Attempt> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  try {
    const response = await fetch(target.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // Compressed streams arrive in lumps.
        "accept-encoding": "identity",
        authorization: target.authorization,
        "user-agent": "signalbox",
      },
      body: JSON.stringify({ ...body, model: target.upstream }),
      // A redirect would carry the key to an address that the catalogue doesn't name.
      redirect: "manual",
      signal: limit.signal,
    });
    return await judge(target, response, watch);
  } catch {
    return { kind: "failed", cause: limit.signal.aborted ? "timeout" : "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}

async function judge(target: Target, response: Response, watch: StreamWatch): Promise<Attempt> {
  const { status, headers, body } = response;
  if (status === 408 || status === 429 || status >= 500) {
    void body?.cancel().catch(() => undefined);
    const retryAfterMs = parseRetryAfter(headers.get("retry-after"), Date.now());
    return {
      kind: "failed",
      cause: status === 429 ? "rate_limited" : "server_error",
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if ((status === 401 || status === 403) && !target.callerPays) {
    void body?.cancel().catch(() => undefined);
    return { kind: "refused" };
  }
  // A page for people, of a proxy or a login, is no completion whatever its status says.
  const isPage = response.ok && /^text\/html\b/i.test(headers.get("content-type") ?? "");
  if ((status >= 300 && status < 400) || isPage) {
    void body?.cancel().catch(() => undefined);
    return { kind: "failed", cause: "server_error", status };
  }
  const passed = body === null ? undefined : await withFirstByte(body, target.workerKey, watch);
  // Nothing of an answer was seen, so that another model may be tried.
  if (passed === undefined && response.ok) return { kind: "failed", cause: "server_error", status };
  return { kind: "answered", response, body: passed ?? null };
}

/** What ends a stream that has begun. */
interface StreamWatch {
  /** Longest time between two chunks: a caller who has gone is only noticed when something is sent. */
  readonly silenceMs: number;
  readonly onBroken: () => void;
}

/**
 * Waits for the first chunk; undefined where there is none. Then passes everything on as it comes. Reading no faster than
 * the reader of the result keeps the back-pressure; canceling the result cancels the source. Some providers repeat the
 * key in what they answer: it is taken out.
 */
async function withFirstByte(
  source: ReadableStream<Uint8Array>,
  workerKey: string | undefined,
  { silenceMs, onBroken }: StreamWatch,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const redactor = createRedactor(workerKey);
  const reader = source.getReader();
  const first = await reader.read();
  if (first.done) return undefined;
  let pending: typeof first | undefined = first;
  const read = async () => {
    try {
      return await withinTime(silenceMs, reader.read());
    } catch (error) {
      onBroken();
      void reader.cancel().catch(() => undefined);
      throw error;
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = pending ?? (await read());
          pending = undefined;
          const bytes = redactor === undefined ? value : done ? redactor.end() : redactor.push(value);
          if (bytes !== undefined && bytes.length > 0) controller.enqueue(bytes);
          if (done) controller.close();
          if (done || (bytes?.length ?? 0) > 0) return;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Seconds or an HTTP date -> milliseconds from now. */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = value.trim() !== "" && Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
