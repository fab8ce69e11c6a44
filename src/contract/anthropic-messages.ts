import * as v from "valibot";
import type { RequestBody } from "../core/accepts.ts";
import type { Result } from "../core/result.ts";
import { type AnswerRequest, type AnswerRequestCode, answerRequest } from "./answer-request.ts";
import { positiveCount } from "./fields.ts";
import type { Messages } from "./message.ts";
import { routeOptionsSchema } from "./options.ts";
import { parseWith } from "./parse.ts";

const blockSchema = v.looseObject({ type: v.string(), text: v.optional(v.nullable(v.string())) });
const contentSchema = v.union([v.string(), v.array(blockSchema)]);

/** The body of POST /v1/messages and of its count_tokens: Anthropic's, of which only what Signalbox reads is checked. */
export const anthropicRequestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(500, "is too long")),
  messages: v.pipe(
    v.array(v.looseObject({ role: v.string(), content: v.optional(v.nullable(contentSchema)) })),
    v.minLength(1, "must hold at least one message"),
    v.maxLength(10_000, "must hold at most 10000 messages"),
  ),
  system: v.optional(v.nullable(contentSchema)),
  tools: v.optional(v.nullable(v.array(v.unknown()))),
  stream: v.optional(v.nullable(v.boolean())),
  max_tokens: v.optional(v.nullable(positiveCount)),
  /** Options of /v1/route; not sent to the provider. */
  signalbox: v.optional(v.nullable(routeOptionsSchema)),
});
type AnthropicRequest = v.InferOutput<typeof anthropicRequestSchema>;

/** Checks the body and reads what it asks for. */
export function parseAnthropicRequest(body: unknown): Result<AnswerRequest, AnswerRequestCode> {
  const request = parseWith(anthropicRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const { tools, max_tokens } = request.value;
  return answerRequest(body as RequestBody, {
    said: messagesOfAnthropic(request.value),
    tools: tools ?? [],
    answers: 1,
    answerTokens: max_tokens ?? 0,
    capabilities: [],
  });
}

/** What is said in a Messages request, as messages with the system prompt among them. */
function messagesOfAnthropic({ system, messages }: AnthropicRequest): Messages {
  return [
    ...(system ? [{ role: "system", content: system }] : []),
    ...messages.map(({ role, content }) => ({
      role,
      content: Array.isArray(content) ? content.flatMap(blocksOf) : content,
    })),
  ];
}

type Block = v.InferOutput<typeof blockSchema>;

/** A result of a tool holds blocks of its own: no words of the user's, but images in them are to be seen. */
function blocksOf(block: Block): readonly Block[] {
  const { type, content, is_error } = block;
  if (type !== "tool_result") return [block];
  if (typeof content === "string") return [{ type, text: content, is_error }];
  const inside = v.safeParse(v.array(blockSchema), content);
  const parts = inside.success ? inside.output : [];
  const text = parts.flatMap((part) => part.text ?? []).join("\n");
  return [{ type, text, is_error }, ...parts.filter((part) => typeof part.text !== "string")];
}
