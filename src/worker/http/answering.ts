import { createStopwatch } from "../../router/stopwatch.ts";
import type { Handler, StreamingHandler } from "../handler.ts";
import { callerOf } from "./access.ts";
import { failureResponse, type HttpContext } from "./http.ts";
import { readExactJsonBody, readJsonBody } from "./json-body.ts";

export type HttpHandler = (context: HttpContext) => Promise<Response>;

/** A handler as Hono calls it: reads the body of a POST, answers with the handler's answer or the error envelope. */
export function answering(handler: Handler<unknown>): HttpHandler {
  return async (context) => {
    const { isolate, stopwatch, share } = surroundingsOf(context);
    const isPost = context.req.method === "POST";
    const question = isPost ? await readJsonBody(context.req.raw, isolate.settings, share) : undefined;
    if (question?.ok === false) return failureResponse(question.failure);
    const answer = await handler(question?.value, { isolate, caller: callerOf(context), stopwatch });
    if (!answer.ok) return failureResponse(answer.failure);
    const { body, status = 200, headers } = answer.value;
    const timing = stopwatch.header();
    return context.json(body, status, { ...headers, ...(timing === "" ? {} : { "server-timing": timing }) });
  };
}

/** The same for a handler without a question whose answer is text. */
export function answeringText(handler: Handler<string>, contentType: string): HttpHandler {
  return async (context) => {
    const { isolate, stopwatch } = surroundingsOf(context);
    const answer = await handler(undefined, { isolate, caller: callerOf(context), stopwatch });
    if (!answer.ok) return failureResponse(answer.failure);
    return context.body(answer.value.body, 200, { "content-type": contentType, "cache-control": "no-store" });
  };
}

/** The same for a handler that sends the body on, digit by digit, and answers with what comes back. */
export function passingOn(handler: StreamingHandler): HttpHandler {
  return async (context) => {
    const { isolate, stopwatch, share } = surroundingsOf(context);
    const question = await readExactJsonBody(context.req.raw, isolate.settings, share);
    if (!question.ok) return failureResponse(question.failure);
    const answer = await handler(question.value, { isolate, caller: callerOf(context), stopwatch });
    return answer.ok ? answer.value : failureResponse(answer.failure);
  };
}

function surroundingsOf(context: HttpContext) {
  return {
    isolate: context.get("isolate"),
    share: context.get("bodyShare"),
    stopwatch: createStopwatch(() => performance.now()),
  };
}
