import type { ErrorCode } from "../../../contract/error.ts";
import { type FeedbackRequest, type FeedbackResponse, parseFeedback } from "../../../contract/feedback.ts";
import { parseSignal, type SignalResponse } from "../../../contract/signal.ts";
import { catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import type { Asked, Handler } from "../../handler.ts";
import type { FeedbackEntry, FeedbackStore } from "../../records/feedback.ts";

/** POST /v1/feedback: what came of a decision. Nothing of the request itself is kept, only what the token carries. */
export const postFeedback: Handler<FeedbackResponse> = async (body, asked) => {
  const request = parseFeedback(body);
  if (!request.ok) return request;
  const { score, comment } = request.value;
  const about = await readDecision(asked, request.value);
  if (!about.ok) return about;
  const { store, ...entry } = about.value;
  const recorded = await store.record({ ...entry, score, comment });
  if (!recorded.ok) return recorded;
  return ok({
    body: { object: "feedback", model: entry.model, duplicate: recorded.value === "duplicate" },
  });
};

/** POST /v1/signal: what a program noticed of an answer, as the score that SIGNALS gives it. */
export const postSignal: Handler<SignalResponse> = async (body, asked) => {
  const request = parseSignal(body);
  if (!request.ok) return request;
  const about = await readDecision(asked, request.value);
  if (!about.ok) return about;
  const { store, ...entry } = about.value;
  const { signals } = asked.isolate.settings;
  if (Object.keys(signals).length === 0)
    return fail("feedback_unavailable", "signals are not set up: the variable SIGNALS gives them no scores");
  const { signal } = request.value;
  const score = signals[signal];
  const answer = { object: "signal", model: entry.model } as const;
  if (score === undefined) return ok({ body: { ...answer, score: null, duplicate: false } });
  const recorded = await store.recordSignal({ ...entry, score, signal });
  if (!recorded.ok) return recorded;
  return ok({ body: { ...answer, score, duplicate: recorded.value === "duplicate" } });
};

/** Whose decision it is about, which model answered, and where it is kept. */
async function readDecision(
  asked: Asked,
  { decision, model: named }: Pick<FeedbackRequest, "decision" | "model">,
): Promise<Result<Omit<FeedbackEntry, "score" | "comment"> & { readonly store: FeedbackStore }, ErrorCode>> {
  const { signer, store } = asked.isolate.feedback;
  if (signer === undefined || store === undefined) {
    const lacks = signer === undefined ? "the secret DECISION_SECRET" : "the D1 binding DB";
    return fail("feedback_unavailable", `feedback is not set up: the Worker lacks ${lacks}`);
  }
  const { keyName } = asked.caller;
  const receivedAt = new Date();
  const record = await signer.read(decision, receivedAt, keyName ?? "");
  if (!record.ok) return record;
  const model = await resolveModel(asked, named, record.value.model);
  if (!model.ok) return model;
  return ok({ store, record: record.value, model: model.value, receivedAt, keyName });
}

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
