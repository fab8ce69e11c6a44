import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { batchRequestSchema } from "../../../src/contract/batch.ts";
import { parseCatalogue } from "../../../src/contract/catalogue.ts";
import { parseChatRequest } from "../../../src/contract/chat.ts";
import { parseFeedback } from "../../../src/contract/feedback.ts";
import { parseJson, parseWith } from "../../../src/contract/parse.ts";
import type { Question } from "../../../src/contract/question.ts";
import { parseRouteRequest } from "../../../src/contract/route.ts";
import { routeTaskRequestSchema } from "../../../src/contract/route-task.ts";
import { loadPredictor } from "../../../src/core/bundle.ts";
import { ok, type Result } from "../../../src/core/result.ts";
import { readQuestion } from "../../../src/router/decision.ts";
import { decideInSession } from "../../../src/router/session.ts";
import { mutateDocument } from "../mutate.ts";
import { check, jsonBytes, outcomeOf, type Target } from "../target.ts";

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../models/default/${name}`, import.meta.url)));
const predictor = unwrapped(loadPredictor(read("bundle.safetensors")));
const catalogue = unwrapped(parseCatalogue(read("catalogue.json")));
const prediction = predictor.predict(new Float32Array(predictor.encoder.dimension).fill(768 ** -0.5));

const decisionCodes = [
  "unknown_model",
  "no_candidates",
  "context_too_long",
  "price_ceiling",
  "conflicting_rules",
];

const routeExamples = [
  { prompt: "How many positive divisors does 360 have?", tolerance: 0.05 },
  {
    prompt: "Sort a list.",
    min_p_correct: 0.9,
    models: ["gpt-5.4", "gpt-4*"],
    exclude: ["*turbo*"],
    explain: true,
  },
  {
    prompt: "x",
    spend: 0.2,
    max_usd: 0.01,
    require: { context_tokens: 5000, tools: true, vision: false },
    session: "s",
  },
  {
    messages: [
      { role: "system", content: "You help." },
      {
        role: "user",
        content: [
          { type: "text", text: "What is this? <system-reminder>x</system-reminder>" },
          { type: "image_url" },
        ],
      },
      { role: "assistant", content: null, tool_calls: [{ id: "1", function: { name: "f" } }] },
      { role: "tool", content: "3" },
    ],
    route_on: "all",
    lambda_usd: 1,
    current_model: "gpt-5.4",
    tools: [{ type: "function" }],
    task: "refunds",
  },
];

/** Where JSON is text, a document of fast-check's too: it shares no shape with the examples. */
const anyJson = fc.json({ depthSize: "medium" }).map((json) => new TextEncoder().encode(json));
const words = [
  "null",
  "1e999",
  "-0",
  "\\ud800",
  "__proto__",
  "auto:",
  "spend=",
  "*",
  "</",
  "<system-reminder>",
  "[[[[",
];

export const routeRequest: Target = {
  name: "route-request",
  examples: () => routeExamples.map(jsonBytes),
  inputs: anyJson,
  mutate: mutateDocument,
  words,
  codes: ["invalid_json", "invalid_request", "missing_prompt", "conflicting_prompt", ...decisionCodes],
  run: (input) => parsed(input, (body) => decideFor(parseRouteRequest(body))),
};

export const batchRequest: Target = {
  name: "batch-request",
  examples: () => [jsonBytes({ requests: routeExamples }), jsonBytes({ requests: [{ prompt: "x" }] })],
  inputs: anyJson,
  mutate: mutateDocument,
  words,
  codes: ["invalid_json", "invalid_request"],
  run: (input) => parsed(input, (body) => parseWith(batchRequestSchema, body, "invalid_request")),
};

export const taskRequest: Target = {
  name: "task-request",
  examples: () => [
    jsonBytes({ prompts: [{ prompt: "a", outcomes: { "gpt-5.4": 1, "gpt-4.1": 0.5 } }, { prompt: "b" }] }),
  ],
  inputs: anyJson,
  mutate: mutateDocument,
  words,
  codes: ["invalid_json", "invalid_request"],
  run: (input) =>
    parsed(input, (body) => {
      const request = parseWith(routeTaskRequestSchema, body, "invalid_request");
      for (const { outcomes = {} } of request.ok ? request.value.prompts : []) {
        check(
          Object.values(outcomes).every((score) => score >= 0 && score <= 1),
          "a label is no score",
        );
      }
      return request;
    }),
};

export const chatRequest: Target = {
  name: "chat-request",
  examples: () =>
    ["auto", "auto:spend=0.3", "auto:objective=quality,max_usd=1e-3,route_on=last", "gpt-4.1"].map(
      (model, k) =>
        jsonBytes({
          model,
          messages: routeExamples[3]?.messages,
          stream: k > 1,
          signalbox: { exclude: ["o3*"] },
        }),
    ),
  inputs: fc
    .tuple(fc.string({ unit: "binary" }), fc.jsonValue())
    .map(([suffix, signalbox]) =>
      jsonBytes({ model: `auto:${suffix}`, messages: [{ role: "user", content: "x" }], signalbox }),
    ),
  mutate: mutateDocument,
  words: [...words, "max_usd=", "tolerance=1e9", ","],
  codes: ["invalid_json", "invalid_request", ...decisionCodes],
  run: (input) =>
    parsed(input, (body) => {
      const chat = parseChatRequest(body);
      if (!chat.ok || chat.value.kind === "named") return chat;
      return decideFor(ok(chat.value.question));
    }),
};

export const feedbackRequest: Target = {
  name: "feedback-request",
  examples: () => [jsonBytes({ decision: "dec_00", score: 1, model: "gpt-5.4", comment: "right" })],
  inputs: anyJson,
  mutate: mutateDocument,
  words,
  codes: ["invalid_json", "invalid_request"],
  run: (input) =>
    parsed(input, (body) => {
      const feedback = parseFeedback(body);
      if (feedback.ok) check(feedback.value.score >= 0 && feedback.value.score <= 1, "the score is none");
      return feedback;
    }),
};

/** The body of a request as the Worker reads it. */
function parsed(input: Uint8Array, parse: (body: unknown) => Result<unknown, string>): string {
  const json = parseJson(input, "invalid_json");
  return outcomeOf(json.ok ? parse(json.value) : json);
}

/** What follows on a parsed request in the Worker, without the encoder. */
function decideFor(question: Result<Question, string>): Result<unknown, string> {
  if (!question.ok) return question;
  const read = readQuestion(question.value, catalogue);
  if (!read.ok) return read;
  const { routed, session } = read.value;
  const { request } = session;
  const { inputTokens, maxUsd } = request;
  check(typeof routed.text === "string", "what is routed on is no text");
  check(Number.isSafeInteger(inputTokens) && inputTokens >= 0, `${inputTokens} input tokens`);
  const decision = decideInSession({ predictor, catalogue, prediction }, session);
  if (decision.ok) {
    const { expectedUsd, ranking } = decision.value;
    check(Number.isFinite(expectedUsd) && expectedUsd >= 0, `a decision costs ${expectedUsd}`);
    check(maxUsd === undefined || ranking.every((each) => each.expectedUsd <= maxUsd), "max_usd is passed");
  }
  return decision;
}

function unwrapped<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(result.failure.message);
}
