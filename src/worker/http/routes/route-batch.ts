import { type BatchResponse, batchRequestSchema } from "../../../contract/batch.ts";
import { type ErrorCode, errorBody } from "../../../contract/error.ts";
import { parseWith } from "../../../contract/parse.ts";
import { checkPrompt, type RouteRequest, type RouteResponse } from "../../../contract/route.ts";
import { ok, type Result } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import type { Serving } from "../../../router/serving.ts";
import { createStopwatch, type Stopwatch } from "../../../router/stopwatch.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import { spendOnPrompts } from "../access.ts";
import { routeResponse } from "../decision-response.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";
import { readJsonBody } from "../json-body.ts";

/** POST /v1/route/batch: up to 32 decisions; one that has no answer gets its error in its place. */
export async function postRouteBatch(context: HttpContext): Promise<Response> {
  const { settings, state } = context.get("isolate");
  const stopwatch = createStopwatch(() => performance.now());
  const body = await readJsonBody(context.req.raw, settings, context.get("bodyShare"));
  if (!body.ok) return respondFailure(context, body.failure);
  const batch = parseWith(batchRequestSchema, body.value, "invalid_request");
  if (!batch.ok) return respondFailure(context, batch.failure);
  const usedUp = await spendOnPrompts(context, batch.value.requests.length);
  if (usedUp !== undefined) return respondFailure(context, usedUp);
  const serving = await stopwatch.time("state", () => state.serving(callerOf(context).keepAlive));
  if (!serving.ok) return respondFailure(context, serving.failure);
  const data: BatchResponse["data"] = [];
  // One after the other: the session runs one text at a time anyway.
  for (const request of batch.value.requests) {
    const decided = await decideOne(context, request, serving.value, stopwatch);
    if (decided.ok) data.push(decided.value);
    else data.push(errorBody(decided.failure.code, decided.failure.message, decided.failure.param));
  }
  const response: BatchResponse = { object: "list", data };
  return context.json(response, 200, {
    "x-signalbox-bundle": serving.value.pointer.bundle,
    "server-timing": stopwatch.header(),
  });
}

async function decideOne(
  context: HttpContext,
  asked: RouteRequest,
  live: Serving,
  stopwatch: Stopwatch,
): Promise<Result<RouteResponse, ErrorCode>> {
  const request = checkPrompt(asked);
  if (!request.ok) return request;
  const serving = await servingFor(live, request.value);
  const decision = await decideForCaller(
    context.get("isolate"),
    callerOf(context),
    request.value,
    serving,
    stopwatch,
  );
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok(routeResponse(decided, id, request.value.explain));
}
