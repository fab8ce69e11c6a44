import { parseRouteRequest } from "../../contract/route.ts";
import { recordDecision } from "../analytics.ts";
import { servingFor } from "../canary.ts";
import { decideRoute } from "../decision.ts";
import { decisionHeaders, routeResponse } from "../decision-response.ts";
import { newDecisionId } from "../feedback.ts";
import { type HttpContext, keepAliveOf, respondFailure } from "../http.ts";
import { readJsonBody } from "../json-body.ts";
import { createStopwatch } from "../stopwatch.ts";

/** POST /v1/route: one decision. */
export async function postRoute(context: HttpContext): Promise<Response> {
  const { settings, state, embeddings, feedback } = context.get("isolate");
  const stopwatch = createStopwatch(() => performance.now());
  const body = await readJsonBody(context.req.raw, settings);
  if (!body.ok) return respondFailure(context, body.failure);
  const request = parseRouteRequest(body.value);
  if (!request.ok) return respondFailure(context, request.failure);
  const live = await stopwatch.time("state", () => state.serving(keepAliveOf(context)));
  if (!live.ok) return respondFailure(context, live.failure);
  const serving = await servingFor(live.value, request.value);
  const asked = { ...request.value, keyName: context.get("keyName") };
  const decided = await decideRoute(asked, serving, embeddings, stopwatch);
  if (!decided.ok) return respondFailure(context, decided.failure);
  const id = await newDecisionId(feedback, decided.value, context.get("keyName"));
  recordDecision(context, decided.value);
  return context.json(routeResponse(decided.value, serving, id, request.value.explain), 200, {
    ...decisionHeaders(decided.value, serving, id),
    "server-timing": stopwatch.header(),
  });
}
