import type { BatchResponse } from "../contract/batch.ts";
import { type EndpointName, endpoints } from "../contract/endpoints.ts";
import type { FeedbackRequest, FeedbackResponse } from "../contract/feedback.ts";
import type { Health } from "../contract/health.ts";
import type { ModelList } from "../contract/models.ts";
import type { RouteRequestInput, RouteResponse } from "../contract/route.ts";
import type { RouteTaskResponse, TaskPromptInput } from "../contract/route-task.ts";
import type { SignalRequest, SignalResponse } from "../contract/signal.ts";
import type { Traffic } from "../contract/traffic.ts";
import { type SendOptions, send } from "./send.ts";

export interface SignalboxOptions {
  /** Where the Worker is, such as https://signalbox.example.workers.dev. */
  readonly baseUrl: string;
  /** Left out where the Worker is open. */
  readonly apiKey?: string;
  /** Tries after the first one; 2 by default. */
  readonly maxRetries?: number;
  /** Milliseconds that one try may take; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Another fetch, for example of a service binding. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** The API of one Worker. */
export interface Signalbox {
  /** Which model should answer. */
  route(request: RouteRequestInput, options?: CallOptions): Promise<RouteResponse>;
  /** The same for up to 32 prompts; an entry is a decision or `{error}`. */
  routeBatch(requests: readonly RouteRequestInput[], options?: CallOptions): Promise<BatchResponse["data"]>;
  /** One model for a set of prompts, of which some may be labeled. */
  routeTask(prompts: readonly TaskPromptInput[], options?: CallOptions): Promise<RouteTaskResponse>;
  /** What came of a decision. Sending the same twice counts once, so that failed calls are safely repeated. */
  feedback(feedback: FeedbackRequest, options?: CallOptions): Promise<FeedbackResponse>;
  /** What your program noticed of an answer; stands for a score until one is sent. */
  signal(signal: SignalRequest, options?: CallOptions): Promise<SignalResponse>;
  /** `auto` and the models of the catalogue, in OpenAI's form. */
  models(options?: CallOptions): Promise<ModelList["data"]>;
  /** What is served and what is wrong; also where nothing can be served. */
  health(options?: CallOptions): Promise<Health>;
  /** The decisions of the last seven days by model, of all keys, where the Worker records them. */
  traffic(options?: CallOptions): Promise<Traffic>;
}

/**
 * Connects to a Worker; nothing is sent yet. Failed calls throw a `SignalboxError`.
 *
 * @example
 * const signalbox = connectSignalbox({ baseUrl: "http://127.0.0.1:8787" });
 * const { model } = await signalbox.route({ prompt: "How many positive divisors does 360 have?" });
 */
export function connectSignalbox(options: SignalboxOptions): Signalbox {
  const base = options.baseUrl.replace(/\/+$/, "");
  const sending: SendOptions = {
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    headers: options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` },
    maxRetries: options.maxRetries ?? 2,
    timeoutMs: options.timeoutMs ?? 10_000,
    random: Math.random,
  };
  const call = <T>(name: EndpointName, body: unknown, { signal }: CallOptions = {}) =>
    send<T>({ url: `${base}${endpoints[name].path}`, body, signal }, sending);
  return {
    route: (request, callOptions) => call<RouteResponse>("route", request, callOptions),
    routeBatch: async (requests, callOptions) =>
      (await call<BatchResponse>("routeBatch", { requests }, callOptions)).data,
    routeTask: (prompts, callOptions) => call<RouteTaskResponse>("routeTask", { prompts }, callOptions),
    feedback: (feedback, callOptions) => call<FeedbackResponse>("feedback", feedback, callOptions),
    signal: (signal, callOptions) => call<SignalResponse>("signal", signal, callOptions),
    models: async (callOptions) => (await call<ModelList>("models", undefined, callOptions)).data,
    traffic: (callOptions) => call<Traffic>("traffic", undefined, callOptions),
    health: ({ signal } = {}) =>
      send<Health>(
        { url: `${base}${endpoints.health.path}`, body: undefined, signal, isAnswer: isHealth },
        sending,
      ),
  };
}

/** A Worker that can serve nothing says in the body of its 503 what is wrong. */
function isHealth(body: unknown): boolean {
  return typeof body === "object" && body !== null && "status" in body && "faults" in body;
}
