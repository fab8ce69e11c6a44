import type { Capability } from "../core/catalogue.ts";
import { stripHarness } from "./harness.ts";

/** A chat message as far as routing reads it; OpenAI's form, with the tool parts of other APIs tolerated. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ChatPart[] | null | undefined;
  readonly tool_calls?: readonly unknown[] | null | undefined;
}

interface ChatPart {
  readonly type: string;
  readonly text?: string | null | undefined;
}

/** Which user turns are routed on. `first` keeps a conversation on its model, and so the provider's cache warm. */
export type RouteOn = "first" | "last" | "all";

export interface RouteText {
  /** What is embedded; empty where the user sent only images. */
  readonly text: string;
  /** What the messages themselves demand of a model. */
  readonly capabilities: readonly Capability[];
}

const textTypes: ReadonlySet<string> = new Set(["text", "input_text"]);
const imageTypes: ReadonlySet<string> = new Set(["image_url", "input_image", "image"]);
const toolTypes: ReadonlySet<string> = new Set([
  "tool_use",
  "tool_result",
  "function_call",
  "function_call_output",
]);

/**
 * The text that a conversation is routed on: what users wrote, without system prompts, assistant turns, tool results
 * and harness blocks. Turns in which nothing of the user is left (a tool result sent as a user message, a lone
 * reminder) don't count as turns.
 * @returns undefined where no user wrote anything and no image was sent
 */
export function routeText(
  messages: readonly ChatMessage[],
  routeOn: RouteOn,
  tools: readonly unknown[] = [],
): RouteText | undefined {
  const capabilities = requiredCapabilities(messages, tools);
  const raw = messages.filter(({ role }) => role === "user").map(userText);
  const own = raw.map(stripHarness).filter(hasWords);
  // A conversation that consists of nothing but harness blocks is routed on them rather than refused.
  const turns = own.length > 0 ? own : raw.filter(hasWords);
  const text = pickTurns(turns, routeOn);
  if (text !== undefined) return { text, capabilities };
  return capabilities.includes("vision") ? { text: "", capabilities } : undefined;
}

function pickTurns(turns: readonly string[], routeOn: RouteOn): string | undefined {
  if (turns.length === 0) return undefined;
  if (routeOn === "first") return turns[0];
  return routeOn === "last" ? turns.at(-1) : turns.join("\n\n");
}

function userText({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .filter(({ type, text }) => textTypes.has(type) && typeof text === "string")
    .map(({ text }) => text)
    .join("\n");
}

function hasWords(text: string): boolean {
  return text.trim() !== "";
}

function requiredCapabilities(
  messages: readonly ChatMessage[],
  tools: readonly unknown[],
): readonly Capability[] {
  const required: Capability[] = [];
  if (messages.some((message) => hasPart(message, imageTypes))) required.push("vision");
  const usesTools = messages.some(
    (message) =>
      message.role === "tool" || (message.tool_calls?.length ?? 0) > 0 || hasPart(message, toolTypes),
  );
  if (tools.length > 0 || usesTools) required.push("tools");
  return required;
}

function hasPart({ content }: ChatMessage, types: ReadonlySet<string>): boolean {
  return Array.isArray(content) && content.some(({ type }: ChatPart) => types.has(type));
}
