import { parseRouteRequest, type RouteResponse } from "../../../contract/route.ts";
import { ok } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import type { Handler } from "../../handler.ts";
import { decisionHeaders, routeResponse } from "../decision-response.ts";

/** POST /v1/route: one decision. */
export const postRoute: Handler<RouteResponse> = async (body, asked) => {
  const question = parseRouteRequest(body);
  if (!question.ok) return question;
  const { isolate, caller, stopwatch } = asked;
  const live = await stopwatch.time("state", () => isolate.state.serving(caller.keepAlive));
  if (!live.ok) return live;
  const serving = await servingFor(live.value, question.value.conversation);
  const decision = await decideForCaller(asked, question.value, serving);
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok({
    body: routeResponse(decided, id, question.value.explain),
    headers: decisionHeaders(decided, id),
  });
};
