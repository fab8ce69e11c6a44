import * as v from "valibot";

/** One part of a message; parts of a kind that Signalbox does not read are let through. */
const partSchema = v.looseObject({
  type: v.string(),
  text: v.optional(v.nullable(v.string())),
});

/** A message in OpenAI's form. Only what routing reads is checked; everything else is the provider's business. */
const messageSchema = v.looseObject({
  role: v.string(),
  content: v.optional(v.nullable(v.union([v.string(), v.array(partSchema)]))),
  tool_calls: v.optional(v.nullable(v.array(v.unknown()))),
});

export const messagesSchema = v.pipe(
  v.array(messageSchema),
  v.minLength(1, "must hold at least one message"),
  v.maxLength(10_000, "must hold at most 10000 messages"),
);
export type Messages = v.InferOutput<typeof messagesSchema>;
