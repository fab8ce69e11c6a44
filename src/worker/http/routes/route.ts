import { parseRouteRequest } from "../../../contract/route.ts";
import { servingFor } from "../../../router/canary.ts";
import { createStopwatch } from "../../../router/stopwatch.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import { decisionHeaders, routeResponse } from "../decision-response.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";
import { readJsonBody } from "../json-body.ts";

/** POST /v1/route: one decision. */
export async function postRoute(context: HttpContext): Promise<Response> {
  const { settings, state } = context.get("isolate");
  const stopwatch = createStopwatch(() => performance.now());
  const body = await readJsonBody(context.req.raw, settings, context.get("bodyShare"));
  if (!body.ok) return respondFailure(context, body.failure);
  const request = parseRouteRequest(body.value);
  if (!request.ok) return respondFailure(context, request.failure);
  const live = await stopwatch.time("state", () => state.serving(callerOf(context).keepAlive));
  if (!live.ok) return respondFailure(context, live.failure);
  const serving = await servingFor(live.value, request.value);
  const decision = await decideForCaller(
    context.get("isolate"),
    callerOf(context),
    request.value,
    serving,
    stopwatch,
  );
  if (!decision.ok) return respondFailure(context, decision.failure);
  const { decided, id } = decision.value;
  return context.json(routeResponse(decided, id, request.value.explain), 200, {
    ...decisionHeaders(decided, id),
    "server-timing": stopwatch.header(),
  });
}
