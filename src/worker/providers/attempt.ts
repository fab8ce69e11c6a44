import { withinTime } from "../time-limit.ts";
import { concatenate } from "./concatenate.ts";
import { decodedBody } from "./decoded-body.ts";
import { type Cause, causeOf } from "./fault.ts";
import { createOpeningJudge, type IsAnswer, type Opening } from "./opening.ts";
import type { Target } from "./provider.ts";
import { createRedactor } from "./redact.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { readUpstreamError } from "./upstream-error.ts";

/** What goes back to the caller of a provider's answer. */
export interface Passed {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
}

/** What came of sending a completion to one provider. */
export type Attempt =
  /** An answer, with its beginning at hand. */
  | { readonly kind: "answered"; readonly answer: Passed }
  /** Nothing of an answer was seen. */
  | {
      readonly kind: "failed";
      readonly cause: Cause;
      readonly status?: number;
      readonly retryAfterMs?: number;
      /** The provider's own words, where they can be shown. */
      readonly answer?: Passed;
    };
type Failed = Extract<Attempt, { readonly kind: "failed" }>;

/** What ends a stream that has begun. */
interface StreamWatch {
  /** Longest time between two chunks: a caller who has gone is only noticed when something is sent. */
  readonly silenceMs: number;
  readonly onBroken: () => void;
}

/**
 * Sends the body to one provider and waits until an answer has begun. Where the caller goes away meanwhile, the platform
 * ends the request to the provider with the caller's.
 */
export async function attempt(
  target: Target,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
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
        "user-agent": "signalbox",
        ...headers,
        ...target.headers,
      },
      body,
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

// One type, and no list in which a page could stand beside it.
const ANSWER_TYPE = /^(?:application\/(?:[\w.-]+\+)?json|text\/event-stream)\s*(?:;[^,]*)?$/i;

async function judge(target: Target, response: Response, watch: StreamWatch): Promise<Attempt> {
  const { status } = response;
  const body = decodedBody(response);
  if (body === undefined || (status >= 300 && status < 400)) {
    void response.body?.cancel().catch(() => undefined);
    return { kind: "failed", cause: response.ok ? "server_error" : causeOf(status, undefined), status };
  }
  if (!response.ok) return judgeRefusal(target, response, body);
  const { opening, held, reader } = await openAnswer(body, target.isAnswer);
  if (opening.kind === "content") {
    const headers = new Headers(response.headers);
    // Labels as of a web page are wrong, and would have the caller's client refuse a good answer.
    if (!ANSWER_TYPE.test(headers.get("content-type") ?? "")) {
      headers.set("content-type", opening.form === "json" ? "application/json" : "text/event-stream");
    }
    return { kind: "answered", answer: { status, headers, body: passOn(held, reader, target, watch) } };
  }
  void reader.cancel().catch(() => undefined);
  if (opening.kind === "nothing") return { kind: "failed", cause: "server_error", status };
  const { error, text } = opening;
  const cause = causeOf(status, error);
  const answer = {
    status: error.status ?? statusOf[cause],
    headers: new Headers({ "content-type": "application/json" }),
    body: redacted(new TextEncoder().encode(text), target.workerKey),
  };
  return { kind: "failed", cause, status, answer };
}

/** What an error says that came with a good status and names none. */
const statusOf: Readonly<Record<Cause, number>> = {
  caller_mistake: 400,
  unfit: 400,
  model_gone: 404,
  rate_limited: 429,
  refused: 401,
  no_credit: 402,
  unreachable: 502,
  timeout: 504,
  server_error: 502,
};

async function openAnswer(source: ReadableStream<Uint8Array>, isAnswer: IsAnswer) {
  const reader = source.getReader();
  const judge = createOpeningJudge(isAnswer);
  const held: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (value !== undefined) held.push(value);
    const opening: Opening | undefined = done ? judge.end() : judge.push(value);
    if (opening !== undefined) return { opening, held, reader };
  }
}

// Errors are some hundred bytes; what is longer is no error of an API.
const LONGEST_ERROR_BYTES = 64 * 1024;

/** A status of 4xx or 5xx: why, and the provider's words where they are JSON. */
async function judgeRefusal(
  { workerKey }: Target,
  { status, headers }: Response,
  body: ReadableStream<Uint8Array>,
): Promise<Failed> {
  const bytes = await readUpTo(LONGEST_ERROR_BYTES, body);
  const document = parsedJson(bytes);
  const error = readUpstreamError(document);
  const cause = causeOf(status, error);
  const retryAfterMs = parseRetryAfter(headers, Date.now());
  return {
    kind: "failed",
    // Without a reason that a caller could act on, it is no caller's mistake.
    cause: cause === "caller_mistake" && document === undefined ? "server_error" : cause,
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(document === undefined ? {} : { answer: { status, headers, body: redacted(bytes, workerKey) } }),
  };
}

async function readUpTo(limit: number, source: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = source.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatenate(parts);
    parts.push(value);
    length += value.length;
    if (length <= limit) continue;
    void reader.cancel().catch(() => undefined);
    return new Uint8Array();
  }
}

/** An object or array; undefined where the bytes are something else. */
function parsedJson(bytes: Uint8Array): unknown {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof document === "object" && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

function redacted(bytes: Uint8Array<ArrayBuffer>, workerKey: string | undefined): Uint8Array<ArrayBuffer> {
  const redactor = createRedactor(workerKey);
  return redactor === undefined ? bytes : concatenate([redactor.push(bytes), redactor.end()]);
}

/**
 * What was held, then everything as it comes. Reading no faster than the reader of the result keeps the back-pressure;
 * canceling the result cancels the source. Some providers repeat the key in what they answer: it is taken out.
 */
function passOn(
  held: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { workerKey }: Target,
  { silenceMs, onBroken }: StreamWatch,
): ReadableStream<Uint8Array> {
  const redactor = createRedactor(workerKey);
  const read = async () => {
    const value = held.shift();
    if (value !== undefined) return { done: false as const, value };
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
          const { done, value } = await read();
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
