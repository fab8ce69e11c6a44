import * as v from "valibot";
import type { Capability } from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { positiveCount } from "./fields.ts";
import { messagesSchema } from "./message.ts";
import { type RouteOptions, routeOptionEntries, routeOptionsSchema, ruleFields } from "./options.ts";
import { parseWith } from "./parse.ts";
import { type Question, questionOf } from "./question.ts";

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
export type ChatRequest = v.InferOutput<typeof chatRequestSchema>;

/** How `model` is meant: to be chosen by Signalbox, or named by the caller. */
export type ParsedChat = { readonly request: ChatRequest } & (
  | { readonly kind: "auto"; readonly question: Question }
  | { readonly kind: "named"; readonly name: string; readonly options: RouteOptions | undefined }
);

/** Checks the body and reads `auto`, `auto:spend=0.3` or a model's name. */
export function parseChatRequest(body: unknown): Result<ParsedChat, "invalid_request" | "conflicting_rules"> {
  const request = parseWith(chatRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const { model } = request.value;
  const [name, suffix] = splitOnce(model, ":");
  if (name !== "auto") {
    const options = request.value.signalbox ?? undefined;
    return ok({ request: request.value, kind: "named", name: model, options });
  }
  const suffixOptions = parseSuffix(suffix);
  if (!suffixOptions.ok) return suffixOptions;
  const given = (body as { readonly signalbox?: object | null }).signalbox ?? {};
  const options = parseWith(routeOptionsSchema, { ...suffixOptions.value, ...given }, "invalid_request");
  if (!options.ok) {
    // The body's own options passed above, so what is wrong stands in the model's suffix.
    return fail("invalid_request", `\`model\`: ${options.failure.message}`, "model");
  }
  const { messages, tools, max_completion_tokens, max_tokens } = request.value;
  const question = questionOf(
    options.value,
    { said: messages, tools: tools ?? [], beside: sentBeside(request.value) },
    {
      answerTokens: max_completion_tokens ?? max_tokens ?? 0,
      capabilities: requiredByFormat(request.value),
    },
  );
  return question.ok ? ok({ request: request.value, kind: "auto", question: question.value }) : question;
}

/** Fields of a completion's body that are no text for the model. */
const UNREAD: readonly string[] = [
  ...["model", "messages", "tools", "signalbox", "stream", "stream_options", "n", "user", "metadata"],
  ...["max_tokens", "max_completion_tokens"],
];

/** What a provider's model may read beside messages and tools: schemas, functions, predictions, whatever comes. */
export function sentBeside(request: ChatRequest): readonly unknown[] {
  const fields = Object.entries(request).filter(([name]) => !UNREAD.includes(name));
  // A number or a word is no input worth counting.
  return fields.map(([, value]) => value).filter((value) => typeof value === "object" && value !== null);
}

function requiredByFormat({ response_format }: ChatRequest): readonly Capability[] {
  return response_format?.type === "json_object" || response_format?.type === "json_schema" ? ["json"] : [];
}

// What fits behind `auto:`, for clients that can set nothing but the model.
const suffixFields: readonly string[] = [
  ...Object.values(ruleFields).map(({ field }) => field),
  ...(["max_usd", "effort", "route_on", "task"] as const satisfies (keyof RouteOptions)[]),
];

function parseSuffix(suffix: string | undefined): Result<Record<string, string | number>, "invalid_request"> {
  const options: Record<string, string | number> = {};
  for (const pair of suffix === undefined ? [] : suffix.split(",")) {
    const [field, value] = splitOnce(pair, "=");
    if (!suffixFields.includes(field) || value === undefined || value === "") {
      const known = suffixFields.join(", ");
      return fail("invalid_request", `after \`auto:\` write name=value, with one of ${known}`, "model");
    }
    options[field] =
      routeOptionEntries[field as keyof RouteOptions].wrapped.type === "number" ? Number(value) : value;
  }
  return ok(options);
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
