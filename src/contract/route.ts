import * as v from "valibot";
import { reasons } from "../core/policy.ts";
import { fail, type Result } from "../core/result.ts";
import { checksum } from "./fields.ts";
import { messagesSchema } from "./message.ts";
import { routeOptionEntries } from "./options.ts";
import { parseWith } from "./parse.ts";
import { type Question, questionOf } from "./question.ts";

/** What is routed on, and the tools that would be sent along. */
const promptEntries = {
  prompt: v.optional(v.string()),
  messages: v.optional(messagesSchema),
  tools: v.optional(v.array(v.unknown())),
};

export const routeRequestSchema = v.strictObject({ ...promptEntries, ...routeOptionEntries });
export type RouteRequest = v.InferOutput<typeof routeRequestSchema>;
/** What a caller writes: fields with a default may be left out. */
export type RouteRequestInput = v.InferInput<typeof routeRequestSchema>;

export type RouteRequestCode =
  | "invalid_request"
  | "missing_prompt"
  | "conflicting_prompt"
  | "conflicting_rules";

/** The body of POST /v1/route -> what is asked. */
export function parseRouteRequest(body: unknown): Result<Question, RouteRequestCode> {
  const request = parseWith(routeRequestSchema, body, "invalid_request");
  return request.ok ? toQuestion(request.value) : request;
}

/** A checked body -> what is asked: with exactly one of `prompt` and `messages`, and at most one choice rule. */
export function toQuestion(request: RouteRequest): Result<Question, RouteRequestCode> {
  const { prompt, messages, tools } = request;
  if (prompt !== undefined && messages !== undefined) {
    return fail("conflicting_prompt", "give `prompt` or `messages`, not both", "prompt");
  }
  const said = messages ?? prompt ?? "";
  if (typeof said === "string" && said.trim() === "") {
    return fail("missing_prompt", "give `prompt` as text or `messages` in OpenAI's form", "prompt");
  }
  return questionOf(request, { said, tools });
}

const candidateSchema = v.object({ model: v.string(), p_correct: v.number(), expected_usd: v.number() });

const explanationSchema = v.object({
  rule: v.string(),
  input_tokens: v.number(),
  routed_characters: v.number(),
  required_capabilities: v.array(v.string()),
  best_on_average: v.boolean(),
  nearest_tasks: v.array(v.object({ task: v.string(), similarity: v.number() })),
  models: v.array(
    v.object({
      model: v.string(),
      p_correct: v.number(),
      decision_score: v.number(),
      expected_output_tokens: v.nullable(v.number()),
      expected_usd: v.number(),
    }),
  ),
});
export type Explanation = v.InferOutput<typeof explanationSchema>;

export const routeResponseSchema = v.object({
  id: v.string(),
  model: v.string(),
  p_correct: v.number(),
  expected_usd: v.number(),
  reason: v.picklist(reasons),
  familiarity: v.number(),
  ranking: v.array(candidateSchema),
  bundle: checksum,
  catalogue: checksum,
  explanation: v.optional(explanationSchema),
});
export type RouteResponse = v.InferOutput<typeof routeResponseSchema>;
