import type { ErrorCode } from "../../../contract/error.ts";
import { type FeedbackResponse, parseFeedback } from "../../../contract/feedback.ts";
import { catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";
import { readJsonBody } from "../json-body.ts";

/** POST /v1/feedback: what came of a decision. Nothing of the request itself is kept, only what the token carries. */
export async function postFeedback(context: HttpContext): Promise<Response> {
  const { settings, feedback } = context.get("isolate");
  const body = await readJsonBody(context.req.raw, settings, context.get("bodyShare"));
  if (!body.ok) return respondFailure(context, body.failure);
  const request = parseFeedback(body.value);
  if (!request.ok) return respondFailure(context, request.failure);
  const { signer, store } = feedback;
  if (signer === undefined || store === undefined) {
    const message = `feedback is not set up: the Worker lacks ${signer === undefined ? "the secret DECISION_SECRET" : "the D1 binding DB"}`;
    return respondFailure(context, { code: "feedback_unavailable", message });
  }
  const now = new Date();
  const record = await signer.read(request.value.decision, now, context.get("keyName") ?? "");
  if (!record.ok) return respondFailure(context, record.failure);
  const model = await resolveModel(context, request.value.model, record.value.model);
  if (!model.ok) return respondFailure(context, model.failure);
  const recorded = await store.record({
    record: record.value,
    model: model.value,
    score: request.value.score,
    comment: request.value.comment,
    receivedAt: now,
    keyName: context.get("keyName"),
  });
  if (!recorded.ok) return respondFailure(context, recorded.failure);
  const response: FeedbackResponse = {
    object: "feedback",
    model: model.value,
    duplicate: recorded.value === "duplicate",
  };
  return context.json(response);
}

/** The model that answered, by its id; the token's own needs no look-up, it may have left the catalogue since. */
async function resolveModel(
  context: HttpContext,
  asked: string | undefined,
  decided: string,
): Promise<Result<string, ErrorCode>> {
  if (asked === undefined || asked === decided) return ok(decided);
  const live = await context.get("isolate").state.serving(callerOf(context).keepAlive);
  if (!live.ok) return live;
  const states = [live.value, ...(live.value.canary === undefined ? [] : [live.value.canary.serving])];
  for (const { catalogue } of states) {
    const id = catalogueNames(catalogue).get(asked);
    if (id !== undefined) return ok(id);
  }
  return fail("unknown_model", "`model` is no model of the catalogue; GET /v1/models lists them", "model");
}
