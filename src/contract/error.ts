import * as v from "valibot";

/** OpenAI's error types, so that client libraries raise the exception that their users expect. */
type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "upstream_error"
  | "server_error";

interface ErrorKind {
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 408
    | 409
    | 410
    | 413
    | 415
    | 421
    | 429
    | 500
    | 502
    | 503
    | 504;
  readonly type: ErrorType;
  /** When it happens and what helps; docs/api.md and the OpenAPI document show this sentence. */
  readonly meaning: string;
}

const invalid = (status: ErrorKind["status"], meaning: string): ErrorKind => ({
  status,
  type: "invalid_request_error",
  meaning,
});
const unavailable = (meaning: string): ErrorKind => ({ status: 503, type: "server_error", meaning });

/** Every error that the API answers with. Codes are stable: clients may branch on them. */
export const errorKinds = {
  invalid_json: invalid(400, "The body is not valid JSON."),
  invalid_request: invalid(
    400,
    "A field is missing, unknown, or has a wrong type or value; `param` names it.",
  ),
  missing_prompt: invalid(400, "`prompt` is empty, and there are no `messages`."),
  conflicting_prompt: invalid(400, "`prompt` and `messages` were both given."),
  conflicting_rules: invalid(400, "More than one choice rule was given."),
  unknown_model: invalid(400, "A name or wildcard means no model of the active router."),
  unknown_task: invalid(400, "`task` names no stored task profile."),
  task_profile_invalid: unavailable("The stored profile of `task` cannot be read; store it again."),
  no_candidates: invalid(400, "The filters leave no model."),
  context_too_long: invalid(400, "No allowed model takes that many tokens."),
  price_ceiling: invalid(400, "Every allowed model is expected to cost more than `max_usd`."),
  spend_not_calibrated: invalid(
    400,
    "The active bundle was trained without prices, so `spend` means nothing to it.",
  ),
  decision_invalid: invalid(
    400,
    "`decision` is no id that this router signed: forged, damaged or another router's.",
  ),
  decision_unsigned: invalid(400, "The decision was made while the Worker had no secret to sign it with."),
  decision_replayed: invalid(409, "Other feedback on this decision and model was recorded before."),
  decision_expired: invalid(410, "Feedback on this decision comes too late."),
  missing_key: {
    status: 401,
    type: "authentication_error",
    meaning: "No `Authorization: Bearer` key was sent.",
  },
  invalid_key: { status: 401, type: "authentication_error", meaning: "The key is wrong or was revoked." },
  key_not_allowed: {
    status: 403,
    type: "permission_error",
    meaning: "The key is limited to other addresses.",
  },
  not_found: invalid(404, "There is no such address."),
  model_not_found: invalid(404, "`model` is neither `auto` nor a model of the catalogue."),
  method_not_allowed: invalid(405, "The address exists, but not for this method."),
  body_timeout: invalid(408, "The body did not arrive in time."),
  body_too_large: invalid(413, "The body is larger than the limit."),
  unsupported_media_type: invalid(415, "The body must be sent as `content-type: application/json`."),
  wrong_host: invalid(421, "The Worker doesn't answer to this name; see ALLOWED_HOSTS."),
  rate_limited: {
    status: 429,
    type: "rate_limit_error",
    meaning: "This key has used up its requests for now.",
  },
  keys_unavailable: unavailable(
    "The keys that don't stand in the secret API_KEYS could not be read yet; send the request again.",
  ),
  limiter_unavailable: unavailable("The platform's rate limiter does not answer; send the request again."),
  internal_error: {
    status: 500,
    type: "server_error",
    meaning: "A fault of Signalbox itself; the log has the detail.",
  },
  upstream_rate_limited: {
    status: 429,
    type: "rate_limit_error",
    meaning: "Every provider that was tried is over its limit; `retry-after` says when one may answer again.",
  },
  upstream_failed: {
    status: 502,
    type: "upstream_error",
    meaning: "Every attempt failed: no connection, a status of 408 or 5xx, or no completion.",
  },
  provider_refused: {
    status: 502,
    type: "upstream_error",
    meaning: "The providers refused the Worker's keys or accounts.",
  },
  provider_not_configured: {
    status: 502,
    type: "upstream_error",
    meaning: "The Worker has no key for the provider of the model, or of any allowed model.",
  },
  upstream_timeout: {
    status: 504,
    type: "upstream_error",
    meaning: "No provider answered within the time budget.",
  },
  feedback_unavailable: unavailable(
    "Feedback is not set up: the Worker lacks DECISION_SECRET or the database, or SIGNALS for signals.",
  ),
  feedback_not_stored: unavailable("The database did not take the feedback; send it again."),
  decisions_unreadable: unavailable("The database of decisions could not be read."),
  overloaded: unavailable("The bodies of requests that are worked on are too large together; send it again."),
  misconfigured: unavailable("A variable or binding of the Worker is missing or wrong; /health names it."),
  storage_unavailable: unavailable("KV could not be read."),
  pointer_missing: unavailable("Nothing was published yet: KV has no `active` key."),
  pointer_invalid: unavailable("The `active` key of KV does not hold a valid pointer."),
  encoder_missing: unavailable("KV lacks a file of the encoder that the pointer names."),
  encoder_corrupt: unavailable("A file of the encoder differs from its checksum: truncated or damaged."),
  encoder_invalid: unavailable("The encoder's files are intact, but this version cannot run them."),
  bundle_missing: unavailable("KV lacks the bundle that the pointer names."),
  bundle_corrupt: unavailable("The bundle differs from its checksum: truncated or damaged."),
  bundle_invalid: unavailable("The bundle is intact, but this version cannot read it."),
  catalogue_missing: unavailable("KV lacks the catalogue that the pointer names."),
  catalogue_corrupt: unavailable("The catalogue differs from its checksum: truncated or damaged."),
  catalogue_invalid: unavailable("The catalogue is intact, but breaks its schema."),
  encoder_mismatch: unavailable("The bundle was trained on another encoder than the pointer names."),
  models_mismatch: unavailable("The catalogue has none of the bundle's models."),
  bundles_too_large: unavailable(
    "Live bundle, canary and shadow together are too large; the trial is left out.",
  ),
  // Never an answer: /health lists them among its faults.
  familiarity_drifted: unavailable("Prompts of the last day are otherwise familiar than those of the month."),
  cost_drifted: unavailable("Decisions of the last day are expected to cost otherwise than in the month."),
  score_drifted: unavailable("Answers of the last day are graded otherwise than in the month."),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;
export const errorCodes = Object.keys(errorKinds) as readonly ErrorCode[];

/** OpenAI's error envelope. */
export const errorBodySchema = v.object({
  error: v.object({
    message: v.string(),
    type: v.string(),
    code: v.picklist(errorCodes),
    param: v.nullable(v.string()),
  }),
});
export type ErrorBody = v.InferOutput<typeof errorBodySchema>;

/** The envelope of one error. */
export function errorBody(code: ErrorCode, message: string, param?: string): ErrorBody {
  return { error: { message, type: errorKinds[code].type, code, param: param ?? null } };
}
