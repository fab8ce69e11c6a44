import type { ErrorCode } from "../contract/error.ts";
import type { ExactJson } from "../contract/exact-json.ts";
import type { Result } from "../core/result.ts";
import type { Stopwatch } from "../router/stopwatch.ts";
import type { Caller } from "./caller.ts";
import type { Isolate } from "./state/isolate.ts";

/** Whom a question comes from, and what there is to answer it with. */
export interface Asked {
  readonly isolate: Isolate;
  readonly caller: Caller;
  readonly stopwatch: Stopwatch;
}

/** An answer in JSON, whoever carries it. */
export interface Answer<Body> {
  readonly body: Body;
  /** 200 where it is left out. */
  readonly status?: 503;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one address: a body that was parsed as JSON, undefined for a GET -> an answer, or the failure. Knows no HTTP. */
export type Handler<Body> = (question: unknown, asked: Asked) => Promise<Result<Answer<Body>, ErrorCode>>;

/** Sends the question on and answers with a response of its own, such as a provider's stream. */
export type StreamingHandler = (question: ExactJson, asked: Asked) => Promise<Result<Response, ErrorCode>>;
