import * as v from "valibot";
import type { RequestBody } from "../core/accepts.ts";
import type { Capability } from "../core/catalogue.ts";
import type { Result } from "../core/result.ts";
import { type AnswerRequest, type AnswerRequestCode, answerRequest } from "./answer-request.ts";
import { positiveCount } from "./fields.ts";
import { messagesSchema } from "./message.ts";
import { routeOptionsSchema } from "./options.ts";
import { parseWith } from "./parse.ts";

/** The most that providers write. */
const MAX_ANSWERS = 128;

/**
 * The body of POST /v1/chat/completions: OpenAI's, of which only what Signalbox reads is checked. The rest goes to
 * the provider as it came.
 */
export const chatRequestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(500, "is too long")),
  messages: messagesSchema,
  tools: v.optional(v.nullable(v.array(v.unknown()))),
  stream: v.optional(v.nullable(v.boolean())),
  max_tokens: v.optional(v.nullable(positiveCount)),
  /** Answers to write. */
  n: v.optional(v.nullable(v.pipe(positiveCount, v.maxValue(MAX_ANSWERS, `must be at most ${MAX_ANSWERS}`)))),
  max_completion_tokens: v.optional(v.nullable(positiveCount)),
  response_format: v.optional(v.nullable(v.looseObject({ type: v.string() }))),
  /** Options of /v1/route; not sent to the provider. */
  signalbox: v.optional(v.nullable(routeOptionsSchema)),
});
type ChatRequest = v.InferOutput<typeof chatRequestSchema>;

/** Checks the body and reads what it asks for. */
export function parseChatRequest(body: unknown): Result<AnswerRequest, AnswerRequestCode> {
  const request = parseWith(chatRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const { messages, tools, n, max_completion_tokens, max_tokens } = request.value;
  return answerRequest(body as RequestBody, {
    said: messages,
    tools: tools ?? [],
    answers: n ?? 1,
    answerTokens: max_completion_tokens ?? max_tokens ?? 0,
    capabilities: requiredByFormat(request.value),
  });
}

function requiredByFormat({ response_format }: ChatRequest): readonly Capability[] {
  return response_format?.type === "json_object" || response_format?.type === "json_schema" ? ["json"] : [];
}
