import type { ServerResponse } from "node:http";
import { streamOf } from "../conformance/fake-provider.ts";
import { completion, documentOf, streamsOf } from "../conformance/fake-surfaces.ts";

export const surfaceNames = ["chat/completions", "responses", "messages"] as const;
export type Surface = (typeof surfaceNames)[number];

/** One request as a provider gets it. */
export interface Called {
  readonly surface: Surface;
  readonly upstream: string;
  readonly streams: boolean;
}

/** What the Worker has to make of it. */
type Meaning =
  /** The caller gets it whole. */
  | "answer"
  /** The caller gets what came, and sees that it broke. */
  | "broken"
  /** The caller gets the refusal, and nobody else is asked. */
  | "request"
  /** Another one is asked; nothing rests. */
  | "unfit"
  | "failure"
  /** Another one is asked, and this one comes last for half a minute. */
  | "gone"
  /** The same for all models of the provider. */
  | "provider"
  /** Another one is asked, and this one is left alone for so long. */
  | "limit";

/** Something that a provider does. */
export interface Behavior {
  readonly name: string;
  readonly means: Meaning;
  readonly restMs?: number;
  /** Where it can't be done without a stream, or only without one. */
  readonly onlyStreams?: boolean;
  /** Exactly what is sent, where that is known. */
  readonly text?: (call: Called) => string;
  readonly status?: number;
  readonly act: (call: Called, response: ServerResponse) => void;
}

const JSON_TYPE = { "content-type": "application/json" };
const EVENTS = { "content-type": "text/event-stream" };

/** An error in the envelope of its surface. */
function envelope({ surface }: Called, code: string | null, message: string): string {
  const type = "invalid_request_error";
  return surface === "messages"
    ? JSON.stringify({ type: "error", error: { type: code ?? type, message } })
    : JSON.stringify({ error: { message, type, code, param: null } });
}

function refuses(
  means: Meaning,
  status: number,
  code: string | null,
  message = "on command",
  { headers = {}, restMs }: { readonly headers?: Record<string, string>; readonly restMs?: number } = {},
): Behavior {
  const text = (call: Called) => envelope(call, code, message);
  return {
    name: `${status} ${code ?? message}${Object.keys(headers).map((header) => `, ${header}`)}`,
    means,
    status,
    text,
    ...(restMs === undefined ? {} : { restMs }),
    act: (call, response) => response.writeHead(status, { ...JSON_TYPE, ...headers }).end(text(call)),
  };
}

/** A status with something that is no error of an API. */
function page(means: Meaning, status: number, text: string, headers: Record<string, string>): Behavior {
  return {
    name: `${status} ${JSON.stringify(text.slice(0, 40))} as ${headers["content-type"] ?? "no type"}`,
    means,
    ...(means === "limit" ? { restMs: DEFAULT_REST_MS } : {}),
    act: (_, response) => response.writeHead(status, headers).end(text),
  };
}

/** A good status, and an error or nothing where the answer should be. */
function hollow(name: string, text: (call: Called) => string, limit?: { readonly restMs: number }): Behavior {
  return {
    name: `200 ${name}`,
    means: limit === undefined ? "failure" : "limit",
    ...limit,
    act: (call, response) => response.writeHead(200, call.streams ? EVENTS : JSON_TYPE).end(text(call)),
  };
}

const HTML = { "content-type": "text/html" };
const DEFAULT_REST_MS = 5_000;
export const LONGEST_REST_MS = 30_000;
const asEvent = (text: string) => `data: ${text}\n\n`;
const written = (call: Called, text: string) => (call.streams ? asEvent(text) : text);

/** What providers document to answer where they don't answer, and what networks do to them. */
export const faults: readonly Behavior[] = [
  refuses("request", 400, null, "messages.0.content: a text or a list is needed"),
  refuses("request", 400, "content_filter", "The prompt was filtered."),
  refuses("request", 403, null, "The input was flagged by moderation."),
  refuses("unfit", 400, "unsupported_parameter"),
  refuses("unfit", 400, "context_length_exceeded"),
  refuses("unfit", 400, null, "prompt is too long: 210000 tokens > 200000 maximum"),
  refuses("unfit", 400, null, "This model does not support image input."),
  refuses("gone", 400, "model_decommissioned"),
  refuses("provider", 400, null, "Your credit balance is too low to access the API."),
  refuses("provider", 400, null, "API key not valid. Please pass a valid API key."),
  refuses("provider", 401, "invalid_api_key"),
  page("provider", 401, "<html><title>Sign in</title></html>", HTML),
  refuses("provider", 402, null),
  refuses("provider", 403, "permission_error"),
  refuses("gone", 403, "model_not_found"),
  refuses("gone", 404, "model_not_found"),
  page("gone", 404, "<html><title>No such page</title></html>", HTML),
  refuses("failure", 408, null),
  refuses("gone", 410, null),
  refuses("unfit", 413, "request_too_large"),
  refuses("unfit", 422, null),
  refuses("limit", 429, "rate_limit_exceeded", "Slow down.", { restMs: DEFAULT_REST_MS }),
  refuses("limit", 429, null, "Slow down.", { restMs: 2000, headers: { "retry-after": "2" } }),
  refuses("limit", 429, null, "Slow down.", { restMs: 1500, headers: { "retry-after-ms": "1500" } }),
  refuses("limit", 429, null, "Slow down.", { restMs: LONGEST_REST_MS, headers: { "retry-after": "3600" } }),
  page("limit", 429, "Too many requests", { "content-type": "text/plain" }),
  refuses("provider", 429, "insufficient_quota"),
  refuses("failure", 500, "server_error"),
  refuses("failure", 500, null),
  page("failure", 502, "<html>Bad gateway</html>", HTML),
  refuses("limit", 503, null, "Back soon.", { restMs: 3000, headers: { "retry-after": "3" } }),
  page("failure", 503, "", {}),
  refuses("failure", 504, null),
  refuses("failure", 529, "overloaded_error"),
  page("failure", 302, "", { location: "http://127.0.0.1:9/" }),
  page("failure", 200, "<!doctype html><title>Sign in</title>", HTML),
  page("failure", 200, "<html>", { "content-type": "application/json" }),
  hollow("empty", () => ""),
  hollow("white space", () => "   \n\n "),
  hollow("broken JSON", (call) => written(call, '{"choices":[{"mess')),
  hollow("error", (call) => written(call, envelope(call, "overloaded_error", "Overloaded"))),
  hollow("event of an error", (call) => `event: error\n${asEvent(envelope(call, "server_error", "x"))}`),
  hollow(
    "comments, then an error",
    (call) => `: WAIT\n\n: WAIT\n\n${asEvent(envelope(call, "api_error", "x"))}`,
  ),
  hollow("limit", (call) => written(call, envelope(call, "rate_limit_error", "Slow down.")), {
    restMs: DEFAULT_REST_MS,
  }),
  hollow("[DONE] alone", () => asEvent("[DONE]")),
  hollow("no choices", () => '{"object":"chat.completion","choices":[]}'),
  { name: "closes", means: "failure", act: (_, response) => response.socket?.destroy() },
  { name: "resets", means: "failure", act: (_, response) => response.socket?.resetAndDestroy() },
  {
    name: "closes after the headers",
    means: "failure",
    act: (call, response) => closeAfter(response, call, ""),
  },
  {
    name: "closes after a comment",
    means: "failure",
    onlyStreams: true,
    act: (call, response) => closeAfter(response, call, ": WAIT\n\n"),
  },
  {
    name: "closes in the middle of a document",
    means: "failure",
    onlyStreams: false,
    act: (call, response) => closeAfter(response, call, wholeAnswer(call).slice(0, 60)),
  },
  { name: "says nothing", means: "failure", onlyStreams: true, act: () => undefined },
  {
    name: "says nothing after the headers",
    means: "failure",
    onlyStreams: true,
    act: (_, response) => response.writeHead(200, EVENTS).flushHeaders(),
  },
  {
    name: "says nothing after a comment",
    means: "failure",
    onlyStreams: true,
    act: (_, response) => response.writeHead(200, EVENTS).write(": WAIT\n\n"),
  },
];

/** Streams that have begun. */
export const breaks: readonly Behavior[] = [
  {
    name: "closes in the middle of a stream",
    means: "broken",
    onlyStreams: true,
    text: (call) => begun(call),
    act: (call, response) => closeAfter(response, call, begun(call)),
  },
  {
    name: "falls silent in the middle of a stream",
    means: "broken",
    onlyStreams: true,
    text: (call) => begun(call),
    act: (call, response) => response.writeHead(200, EVENTS).write(begun(call)),
  },
];

export const answers: readonly Behavior[] = [
  answer("answers", wholeAnswer),
  {
    ...answer(
      "answers, then an error in the stream",
      (call) => begun(call) + asEvent(envelope(call, "server_error", "x")),
    ),
    onlyStreams: true,
  },
  {
    ...answer("answers after comments", (call) => `: WAIT\n\n${wholeAnswer(call)}`),
    onlyStreams: true,
  },
];

function answer(name: string, text: (call: Called) => string): Behavior {
  return {
    name,
    means: "answer",
    status: 200,
    text,
    act: (call, response) => response.writeHead(200, call.streams ? EVENTS : JSON_TYPE).end(text(call)),
  };
}

function wholeAnswer({ surface, upstream, streams }: Called): string {
  if (streams) return (streamsOf[`/${surface}`] ?? streamOf)(upstream, 5);
  const hello = { content: `Hello from ${upstream}` };
  return JSON.stringify(documentOf(`/${surface}`, upstream) ?? completion(upstream, hello, "stop"));
}

/** A stream up to the middle of its text. */
function begun(call: Called): string {
  const whole = wholeAnswer(call);
  return whole.slice(0, whole.indexOf("word3"));
}

function closeAfter(response: ServerResponse, { streams }: Called, text: string): void {
  response.writeHead(200, streams ? EVENTS : JSON_TYPE);
  response.flushHeaders();
  const close = () => response.socket?.destroy();
  if (text === "") close();
  else response.write(text, close);
}
