import type { UpstreamError } from "./upstream-error.ts";

/** Why a provider did not answer. */
export type Cause =
  /** The request is wrong, whoever is asked. */
  | "caller_mistake"
  /** This model does not take such a request: a parameter, the length, an image. */
  | "unfit"
  /** There is no such model, or not for this key. */
  | "model_gone"
  | "rate_limited"
  /** The key is wrong or may not do this. */
  | "refused"
  /** The account is out of money. */
  | "no_credit"
  | "unreachable"
  | "timeout"
  | "server_error";

/** What a fault is about, which says who else may be asked, and what is left alone for a while. */
export const faultIsAbout = {
  caller_mistake: "request",
  unfit: "model",
  model_gone: "model",
  rate_limited: "model",
  refused: "provider",
  no_credit: "account",
  unreachable: "model",
  timeout: "model",
  server_error: "model",
} as const satisfies Record<Cause, "request" | "model" | "provider" | "account">;

// Codes that OpenAI, Azure, Anthropic, Google, Mistral, Groq, Together, Fireworks, DeepSeek, xAI, Moonshot, OpenRouter and
// vLLM document or are known to send. A code says more than a status: some send everything as 400.
const causesOfWords: Readonly<Record<string, Cause>> = {
  unsupported_parameter: "unfit",
  unsupported_value: "unfit",
  unsupported_model: "unfit",
  model_not_supported: "unfit",
  context_length_exceeded: "unfit",
  context_window_exceeded: "unfit",
  string_above_max_length: "unfit",
  request_too_large: "unfit",
  image_parse_error: "caller_mistake",
  model_not_found: "model_gone",
  model_not_available: "model_gone",
  model_not_active: "model_gone",
  model_decommissioned: "model_gone",
  model_deprecated: "model_gone",
  model_permission_denied: "model_gone",
  deploymentnotfound: "model_gone",
  invalid_model: "model_gone",
  not_found_error: "model_gone",
  insufficient_quota: "no_credit",
  exceeded_current_quota_error: "no_credit",
  insufficient_balance: "no_credit",
  billing_hard_limit_reached: "no_credit",
  billing_not_active: "no_credit",
  billing_error: "no_credit",
  payment_required: "no_credit",
  account_deactivated: "refused",
  invalid_api_key: "refused",
  authentication_error: "refused",
  invalid_authentication_error: "refused",
  unauthenticated: "refused",
  unsupported_country_region_territory: "refused",
  rate_limit_exceeded: "rate_limited",
  rate_limit_error: "rate_limited",
  rate_limit_reached_error: "rate_limited",
  too_many_requests: "rate_limited",
  resource_exhausted: "rate_limited",
  overloaded_error: "server_error",
  engine_overloaded_error: "server_error",
  server_error: "server_error",
  api_error: "server_error",
  timeout_error: "server_error",
  internal_server_error: "server_error",
  unavailable: "server_error",
  content_filter: "caller_mistake",
  content_policy_violation: "caller_mistake",
};

// Where a provider has a status and a sentence only. Each asks for what those providers' messages say, in few words.
const causesOfMessages: readonly (readonly [RegExp, Cause])[] = [
  [
    /credit balance|insufficient (?:balance|credits?|funds|quota)|exceeded your current quota|billing/i,
    "no_credit",
  ],
  [/api key not valid|(?:incorrect|invalid) api key|api key (?:expired|not found)/i, "refused"],
  [
    /model\b.{0,80}\b(?:not found|not exist|does ?n[o']t exist|decommissioned|deprecated|retired|no longer|not available)|(?:no such|unknown|unavailable|invalid) model/i,
    "model_gone",
  ],
  [
    /context (?:length|window|size)|maximum (?:context|input|prompt|number of tokens)|prompt is too long|too (?:many tokens|long|large)|exceeds?.{0,40}\b(?:tokens|limit)|reduce the length/i,
    "unfit",
  ],
  [
    /un-?supported|not? (?:\w+ )?support|does(?: not|n't) (?:\w+ )?(?:support|allow|accept)|extra (?:inputs|fields)|unrecognized|not permitted|max_tokens|max_completion_tokens/i,
    "unfit",
  ],
];

const causesOfStatuses: Readonly<Record<number, Cause>> = {
  401: "refused",
  402: "no_credit",
  403: "refused",
  404: "model_gone",
  405: "model_gone",
  408: "server_error",
  409: "server_error",
  410: "model_gone",
  413: "unfit",
  415: "unfit",
  422: "unfit",
  424: "server_error",
  425: "server_error",
  429: "rate_limited",
  451: "model_gone",
  498: "rate_limited",
  501: "unfit",
};

/** What the provider's status and words come to. A status in the error itself wins over that of the answer. */
export function causeOf(answerStatus: number, error: UpstreamError | undefined): Cause {
  const status = answerStatus < 400 ? (error?.status ?? 500) : answerStatus;
  for (const word of error?.words ?? []) {
    const cause = Object.hasOwn(causesOfWords, word) ? causesOfWords[word] : undefined;
    // A moderated prompt, which OpenRouter answers with 403, says so in its message only.
    if (cause !== undefined) return cause;
  }
  const message = error?.message ?? "";
  if (status === 403 && /moderat|flagged|content policy/i.test(message)) return "caller_mistake";
  const isVague = status === 400 || status === 403 || status === 429 || answerStatus < 400;
  const spoken = isVague ? causesOfMessages.find(([pattern]) => pattern.test(message))?.[1] : undefined;
  // "Too many tokens per minute" is a limit, whatever else its message holds.
  if (spoken !== undefined && (status !== 429 || spoken === "no_credit")) return spoken;
  const known = Object.hasOwn(causesOfStatuses, status) ? causesOfStatuses[status] : undefined;
  return known ?? (status >= 500 || status < 400 ? "server_error" : "caller_mistake");
}
