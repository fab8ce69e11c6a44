import { parseWith } from "../../../contract/parse.ts";
import { type RouteTaskResponse, routeTaskRequestSchema } from "../../../contract/route-task.ts";
import { ok } from "../../../core/result.ts";
import { decideTask } from "../../../router/task.ts";
import type { Handler } from "../../handler.ts";

/** POST /v1/route/task: one model for a set of prompts, some of them perhaps labeled. */
export const postRouteTask: Handler<RouteTaskResponse> = async (body, { isolate, caller, stopwatch }) => {
  const request = parseWith(routeTaskRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const { prompts } = request.value;
  const usedUp = await caller.spend(prompts.length);
  if (usedUp !== undefined) return { ok: false, failure: usedUp };
  const live = await stopwatch.time("state", () => isolate.state.serving(caller.keepAlive));
  if (!live.ok) return live;
  const parts = { ...live.value, bundle: live.value.pointer.bundle };
  const surroundings = { owner: caller.keyName ?? "", embeddings: isolate.embeddings, stopwatch };
  const decided = await decideTask(prompts, parts, surroundings, Math.random);
  if (!decided.ok) return decided;
  const { model, bundle } = decided.value;
  return ok({
    body: decided.value,
    headers: { "x-signalbox-model": model, "x-signalbox-bundle": bundle },
  });
};
