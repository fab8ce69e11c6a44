import * as v from "valibot";
import type { RequestBody } from "../core/accepts.ts";
import { fail, type Result } from "../core/result.ts";
import { type AnswerRequest, type AnswerRequestCode, answerRequest } from "./answer-request.ts";
import { positiveCount } from "./fields.ts";
import type { Messages } from "./message.ts";
import { routeOptionsSchema } from "./options.ts";
import { parseWith } from "./parse.ts";

const itemSchema = v.looseObject({
  type: v.optional(v.string()),
  role: v.optional(v.string()),
  content: v.optional(v.nullable(v.unknown())),
});

/** The body of POST /v1/responses: OpenAI's, of which only what Signalbox reads is checked. */
export const responsesRequestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(500, "is too long")),
  input: v.optional(
    v.nullable(
      v.union([
        v.string(),
        v.pipe(v.array(itemSchema), v.maxLength(10_000, "must hold at most 10000 items")),
      ]),
    ),
  ),
  instructions: v.optional(v.nullable(v.string())),
  tools: v.optional(v.nullable(v.array(v.unknown()))),
  stream: v.optional(v.nullable(v.boolean())),
  max_output_tokens: v.optional(v.nullable(positiveCount)),
  /** A stored conversation, which lives with the model that began it. */
  previous_response_id: v.optional(v.nullable(v.string())),
  conversation: v.optional(v.nullable(v.unknown())),
  text: v.optional(
    v.nullable(v.looseObject({ format: v.optional(v.nullable(v.looseObject({ type: v.string() }))) })),
  ),
  /** Options of /v1/route; not sent to the provider. */
  signalbox: v.optional(v.nullable(routeOptionsSchema)),
});
type ResponsesRequest = v.InferOutput<typeof responsesRequestSchema>;

/** Checks the body and reads what it asks for. */
export function parseResponsesRequest(body: unknown): Result<AnswerRequest, AnswerRequestCode> {
  const request = parseWith(responsesRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const { tools, max_output_tokens, text, previous_response_id, conversation } = request.value;
  const format = text?.format?.type ?? "text";
  const asked = answerRequest(body as RequestBody, {
    said: messagesOfResponses(request.value),
    tools: tools ?? [],
    answers: 1,
    answerTokens: max_output_tokens ?? 0,
    capabilities: format === "text" ? [] : ["json"],
  });
  if (asked.ok && asked.value.kind === "auto" && (previous_response_id || conversation)) {
    const field = previous_response_id ? "previous_response_id" : "conversation";
    return fail(
      "invalid_request",
      `a stored conversation stays with the model that began it: name that model (\`x-signalbox-model\` told it) in place of \`auto\`, or send the whole \`input\` without \`${field}\``,
      field,
    );
  }
  return asked;
}

/** What is said in a Responses request, as messages: instructions, turns, and calls of tools with their results. */
function messagesOfResponses({ instructions, input }: ResponsesRequest): Messages {
  const system = instructions ? [{ role: "system", content: instructions }] : [];
  const said = typeof input === "string" ? [{ role: "user", content: input }] : (input ?? []).map(messageOf);
  return [...system, ...said];
}

function messageOf(item: v.InferOutput<typeof itemSchema>): Messages[number] {
  const { type = "message", role, content } = item;
  if (role !== undefined) {
    return { role, content: typeof content === "string" ? content : partsOf(content) };
  }
  if (!type.endsWith("_output")) {
    return { role: "assistant", content: [{ type: kindOf(type) }, { type, text: JSON.stringify(item) }] };
  }
  // Results are no words of the user's, but images in them are to be seen.
  const result = item["output"];
  const inside = partsOf(result);
  const text = inside.length > 0 ? inside.flatMap((part) => part.text ?? []).join("\n") : asText(result);
  const others = inside.filter((part) => typeof part.text !== "string");
  return { role: "tool", content: [{ type: kindOf(type), text }, ...others] };
}

function asText(result: unknown): string {
  return typeof result === "string" ? result : JSON.stringify(result ?? null);
}

/** Every kind of tool counts as one: functions, custom ones, shells, searches. */
function kindOf(type: string): string {
  if (type.endsWith("_call_output")) return "function_call_output";
  return type.endsWith("_call") ? "function_call" : type;
}

const partsSchema = v.array(v.looseObject({ type: v.string(), text: v.optional(v.nullable(v.string())) }));

function partsOf(content: unknown): v.InferOutput<typeof partsSchema> {
  const parts = v.safeParse(partsSchema, content);
  return parts.success ? parts.output : [];
}
