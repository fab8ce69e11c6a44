import { type BatchResponse, batchRequestSchema } from "../../../contract/batch.ts";
import { type ErrorCode, errorBody } from "../../../contract/error.ts";
import { parseWith } from "../../../contract/parse.ts";
import { type RouteRequest, type RouteResponse, toQuestion } from "../../../contract/route.ts";
import { ok, type Result } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import type { Serving } from "../../../router/serving.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import type { Asked, Handler } from "../../handler.ts";
import { routeResponse } from "../decision-response.ts";

/** POST /v1/route/batch: up to 32 decisions; one that has no answer gets its error in its place. */
export const postRouteBatch: Handler<BatchResponse> = async (body, asked) => {
  const batch = parseWith(batchRequestSchema, body, "invalid_request");
  if (!batch.ok) return batch;
  const { isolate, caller, stopwatch } = asked;
  const usedUp = await caller.spend(batch.value.requests.length);
  if (usedUp !== undefined) return { ok: false, failure: usedUp };
  const live = await stopwatch.time("state", () => isolate.state.serving(caller.keepAlive));
  if (!live.ok) return live;
  const data: BatchResponse["data"] = [];
  // One after the other: the session runs one text at a time anyway.
  for (const request of batch.value.requests) {
    const decided = await decideOne(request, live.value, asked);
    if (decided.ok) data.push(decided.value);
    else data.push(errorBody(decided.failure.code, decided.failure.message, decided.failure.param));
  }
  return ok({
    body: { object: "list", data },
    headers: { "x-signalbox-bundle": live.value.pointer.bundle },
  });
};

async function decideOne(
  request: RouteRequest,
  live: Serving,
  asked: Asked,
): Promise<Result<RouteResponse, ErrorCode>> {
  const question = toQuestion(request);
  if (!question.ok) return question;
  const serving = await servingFor(live, question.value.conversation);
  const decision = await decideForCaller(asked, question.value, serving);
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok(routeResponse(decided, id, question.value.explain));
}
