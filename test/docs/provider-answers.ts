/** How a provider streams and refuses, from what is known of its API; the pages were not looked up for these lines. */
interface Documented {
  /** A stream with what is its own: comments, empty choices, fields that others lack. */
  readonly stream: string;
  readonly refusal: { readonly status: number; readonly body: string; readonly cause: string };
}

const delta = (fields: object) => ({ index: 0, delta: fields, finish_reason: null });
const chunk = (fields: object) => ({
  id: "x-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  ...fields,
});
const events = (...documents: readonly object[]) =>
  `${documents.map((document) => `data: ${JSON.stringify(document)}\n\n`).join("")}data: [DONE]\n\n`;
const words = [
  chunk({ choices: [delta({ role: "assistant", content: "" })] }),
  chunk({ choices: [delta({ content: "Hi" })] }),
];
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
const refusal = (status: number, cause: string, body: object) => ({
  status,
  cause,
  body: JSON.stringify(body),
});

export const documented: Readonly<Record<string, Documented>> = {
  openai: {
    stream: events(
      ...words.map((each) => ({ ...each, service_tier: "default", obfuscation: "k3Jd", usage: null })),
      chunk({ choices: [], usage }),
    ),
    refusal: refusal(429, "no_credit", {
      error: {
        message: "You exceeded your current quota",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      },
    }),
  },
  anthropic: {
    stream: events(...words, chunk({ choices: [], usage })),
    refusal: refusal(529, "server_error", {
      type: "error",
      error: { type: "overloaded_error", message: "Overloaded" },
      request_id: "req_1",
    }),
  },
  openrouter: {
    stream: `: OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n${events(...words.map((each) => ({ ...each, provider: "X" })), chunk({ choices: [{ ...delta({}), finish_reason: "error" }], error: { code: 502, message: "Provider disconnected" } }))}`,
    refusal: refusal(402, "no_credit", {
      error: { code: 402, message: "Insufficient credits", metadata: {} },
    }),
  },
  deepseek: {
    stream: `: keep-alive\n\n: keep-alive\n\n${events(chunk({ choices: [delta({ content: null, reasoning_content: "Hm." })] }), ...words)}`,
    refusal: refusal(402, "no_credit", {
      error: {
        message: "Insufficient Balance",
        type: "unknown_error",
        param: null,
        code: "invalid_request_error",
      },
    }),
  },
  moonshot: {
    stream: events(...words, chunk({ choices: [{ ...delta({}), finish_reason: "stop", usage }] })),
    refusal: refusal(429, "rate_limited", {
      error: { message: "Your account reached max request", type: "rate_limit_reached_error" },
    }),
  },
  zai: {
    stream: events(chunk({ choices: [delta({ reasoning_content: "Hm." })] }), ...words),
    refusal: refusal(429, "no_credit", {
      error: { code: "1113", message: "Insufficient balance or no resource package. Please recharge." },
    }),
  },
  "workers-ai": {
    stream: events(...words.map((each) => ({ ...each, p: "abdef" })), chunk({ choices: [], usage })),
    refusal: refusal(429, "rate_limited", {
      ...{ result: {}, success: false, messages: [] },
      errors: [{ message: "AiError: Capacity temporarily exceeded, please try again.", code: 3040 }],
    }),
  },
  "ai-gateway": {
    stream: events(...words),
    refusal: refusal(401, "refused", {
      ...{ success: false, result: [], messages: [] },
      error: [{ code: 2009, message: "Unauthorized" }],
    }),
  },
  vercel: {
    stream: events(
      ...words,
      chunk({ choices: [{ ...delta({ provider_metadata: { gateway: {} } }), finish_reason: "stop" }] }),
    ),
    refusal: refusal(404, "model_gone", {
      error: { message: "Model 'x' not found", type: "model_not_found", param: { modelId: "x" } },
    }),
  },
  "azure-gpt-4o": {
    stream: events(
      { ...chunk({ choices: [] }), id: "", prompt_filter_results: [{ prompt_index: 0 }] },
      ...words,
    ),
    refusal: refusal(404, "model_gone", {
      error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." },
    }),
  },
  azure: {
    stream: events({ ...chunk({ choices: [] }), prompt_filter_results: [] }, ...words),
    refusal: refusal(401, "refused", {
      error: { code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint." },
    }),
  },
  local: {
    stream: events(...words.map((each) => ({ ...each, timings: { predicted_ms: 3.25 } }))),
    refusal: refusal(503, "server_error", {
      error: { code: 503, message: "Loading model", type: "unavailable_error" },
    }),
  },
};
