import type { ErrorCode } from "../../../contract/error.ts";
import { type FeedbackResponse, parseFeedback } from "../../../contract/feedback.ts";
import { catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { Asked, Handler } from "../../handler.ts";

/** POST /v1/feedback: what came of a decision. Nothing of the request itself is kept, only what the token carries. */
export const postFeedback: Handler<FeedbackResponse> = async (body, asked) => {
  const request = parseFeedback(body);
  if (!request.ok) return request;
  const { signer, store } = asked.isolate.feedback;
  if (signer === undefined || store === undefined) {
    const lacks = signer === undefined ? "the secret DECISION_SECRET" : "the D1 binding DB";
    return fail("feedback_unavailable", `feedback is not set up: the Worker lacks ${lacks}`);
  }
  const { keyName } = asked.caller;
  const { decision, score, comment } = request.value;
  const receivedAt = new Date();
  const record = await signer.read(decision, receivedAt, keyName ?? "");
  if (!record.ok) return record;
  const model = await resolveModel(asked, request.value.model, record.value.model);
  if (!model.ok) return model;
  const entry = { record: record.value, model: model.value, score, comment, receivedAt, keyName };
  const recorded = await store.record(entry);
  if (!recorded.ok) return recorded;
  return ok({
    body: { object: "feedback", model: model.value, duplicate: recorded.value === "duplicate" },
  });
};

/** The model that answered, by its id; the token's own needs no look-up, it may have left the catalogue since. */
async function resolveModel(
  { isolate, caller }: Asked,
  asked: string | undefined,
  decided: string,
): Promise<Result<string, ErrorCode>> {
  if (asked === undefined || asked === decided) return ok(decided);
  const live = await isolate.state.serving(caller.keepAlive);
  if (!live.ok) return live;
  const states = [live.value, ...(live.value.canary === undefined ? [] : [live.value.canary.serving])];
  for (const { catalogue } of states) {
    const id = catalogueNames(catalogue).get(asked);
    if (id !== undefined) return ok(id);
  }
  return fail("unknown_model", "`model` is no model of the catalogue; GET /v1/models lists them", "model");
}
