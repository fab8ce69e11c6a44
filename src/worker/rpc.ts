import { WorkerEntrypoint } from "cloudflare:workers";
import type { ErrorCode } from "../contract/error.ts";
import type { FeedbackRequest, FeedbackResponse } from "../contract/feedback.ts";
import type { RouteRequestInput, RouteResponse } from "../contract/route.ts";
import type { RouteTaskResponse, TaskPromptInput } from "../contract/route-task.ts";
import type { SignalRequest, SignalResponse } from "../contract/signal.ts";
import type { Result } from "../core/result.ts";
import { createStopwatch } from "../router/stopwatch.ts";
import type { Handler } from "./handler.ts";
import { postFeedback, postSignal } from "./http/routes/feedback.ts";
import { postRoute } from "./http/routes/route.ts";
import { postRouteTask } from "./http/routes/route-task.ts";
import type { Env } from "./state/bindings.ts";
import type { Isolate } from "./state/isolate.ts";

/** What the binding of another Worker may say in its `props`. */
export interface RpcProps {
  /** Stands for the name of an API key: in what is recorded, and for whose embeddings are kept apart. */
  readonly name?: string;
}

/**
 * The entry point for service bindings of other Workers. Whoever may bind a Worker of the account needs no key and has
 * no limit. Failures are values here too: nothing is thrown for a prompt that has no answer.
 */
export abstract class RpcEntrypoint extends WorkerEntrypoint<Env, RpcProps | undefined> {
  // A property, not a method: methods of the class can be called from outside.
  protected abstract readonly isolate: () => Result<Isolate, ErrorCode>;

  /** Which model should answer; takes what POST /v1/route takes. */
  route(request: RouteRequestInput): Promise<Result<RouteResponse, ErrorCode>> {
    return this.#answer("route", postRoute, request);
  }

  /** One model for a set of prompts, of which some may be labeled. */
  routeTask(prompts: readonly TaskPromptInput[]): Promise<Result<RouteTaskResponse, ErrorCode>> {
    return this.#answer("routeTask", postRouteTask, { prompts });
  }

  /** What came of a decision. */
  feedback(feedback: FeedbackRequest): Promise<Result<FeedbackResponse, ErrorCode>> {
    return this.#answer("feedback", postFeedback, feedback);
  }

  /** What a program noticed of an answer. */
  signal(signal: SignalRequest): Promise<Result<SignalResponse, ErrorCode>> {
    return this.#answer("signal", postSignal, signal);
  }

  async #answer<Body>(
    method: string,
    handler: Handler<Body>,
    question: unknown,
  ): Promise<Result<Body, ErrorCode>> {
    const isolate = this.isolate();
    if (!isolate.ok) return isolate;
    const caller = {
      keyName: this.ctx.props?.name,
      address: `rpc:${method}`,
      limits: {},
      authorization: undefined,
      headers: {},
      keepAlive: (work: Promise<unknown>) => this.ctx.waitUntil(work),
      spend: async () => undefined,
    };
    const stopwatch = createStopwatch(() => performance.now());
    const answer = await handler(question, { isolate: isolate.value, caller, stopwatch });
    return answer.ok ? { ok: true, value: answer.value.body } : answer;
  }
}
