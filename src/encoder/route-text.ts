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
  /** Of a tool's result, where the surface says so. */
  readonly is_error?: unknown;
}

/** Which user turns are routed on. `first` keeps a conversation on its model, and so the provider's cache warm. */
export type RouteOn = "first" | "last" | "all";

export interface RouteText {
  /** What is embedded; empty where nobody wrote anything. */
  readonly text: string;
  /** What the messages themselves demand of a model. */
  readonly capabilities: readonly Capability[];
}

const textTypes: ReadonlySet<string> = new Set(["text", "input_text"]);
const imageTypes: ReadonlySet<string> = new Set(["image_url", "input_image", "image"]);
const fileTypes: ReadonlySet<string> = new Set(["file", "input_file", "document"]);
const audioTypes: ReadonlySet<string> = new Set(["input_audio", "audio_url", "audio"]);
const toolTypes: ReadonlySet<string> = new Set([
  "tool_use",
  "tool_result",
  "function_call",
  "function_call_output",
]);

/**
 * The text that a conversation is routed on: what users wrote, without system prompts, assistant turns, tool results
 * and harness blocks. Turns in which nothing of the user is left (a tool result sent as a user message, a lone
 * reminder) don't count as turns. Where no user wrote anything, everybody else's words stand in.
 */
export function routeText(
  messages: readonly ChatMessage[],
  routeOn: RouteOn,
  tools: readonly unknown[] = [],
): RouteText {
  const capabilities = requiredCapabilities(messages, tools);
  const text = pickTurns(userTurns(messages), routeOn);
  if (text !== undefined) return { text, capabilities };
  const others = messages.filter(({ role }) => !toolRoles.has(role)).map(textOf);
  return { text: others.filter(hasWords).join("\n\n"), capabilities };
}

const toolRoles: ReadonlySet<string> = new Set(["tool", "function"]);

/** What users wrote, turn by turn. */
export function userTurns(messages: readonly ChatMessage[]): readonly string[] {
  const raw = messages.filter(({ role }) => role === "user").map(textOf);
  const own = raw.map(stripHarness).filter(hasWords);
  // A conversation that consists of nothing but harness blocks is routed on them rather than refused.
  return own.length > 0 ? own : raw.filter(hasWords);
}

/** Whether a user's own words are in the message. */
export function saysSomething(message: ChatMessage): boolean {
  return message.role === "user" && hasWords(stripHarness(textOf(message)));
}

function pickTurns(turns: readonly string[], routeOn: RouteOn): string | undefined {
  if (routeOn === "first") return turns.find(hasSubstance) ?? turns[0];
  return routeOn === "last" ? turns.at(-1) : turns.length === 0 ? undefined : turns.join("\n\n");
}

// Words of openings that say nothing of what will be asked, in the languages that chats are most often held in.
const openingWords: ReadonlySet<string> = new Set(
  `hi hello hey hiya yo howdy hallo hej hola ola olá oi bonjour salut coucou ciao salve moi hei terve ahoj cześć witam
  merhaba selam namaste привет здравствуйте 你好 您好 嗨 こんにちは もしもし 안녕 안녕하세요 नमस्ते مرحبا سلام
  there all everyone good morning afternoon evening day night buenos buenas días tardes guten tag morgen bom dia
  how are you doing is anyone anybody here can hear me what's up whats sup
  test testing ping pong start ok okay thanks thank please`.split(/\s+/),
);
const MOST_OPENING_WORDS = 6;

/** Whether a turn says anything of what is wanted: a greeting or an emoji must not decide for the task that follows. */
function hasSubstance(turn: string): boolean {
  // Longer ones are no greetings, and are not taken apart for it.
  if (turn.length > 100) return true;
  const words = turn.toLowerCase().match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? [];
  return (
    words.length > MOST_OPENING_WORDS || !words.every((word) => openingWords.has(word.replace("’", "'")))
  );
}

function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .filter(({ type, text }) => textTypes.has(type) && typeof text === "string")
    .map(({ text }) => text)
    .join("\n");
}

function hasWords(text: string): boolean {
  return text.trim() !== "";
}

/** What messages and tool definitions demand of a model. */
export function requiredCapabilities(
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

/** What the messages are best sent to, where the catalogue knows such models: few catalogues say it of all. */
export function preferredCapabilities(messages: readonly ChatMessage[]): readonly Capability[] {
  const preferred: Capability[] = [];
  // Who reads files as they look, page by page, sees.
  if (messages.some((message) => hasPart(message, fileTypes))) preferred.push("files", "vision");
  if (messages.some((message) => hasPart(message, audioTypes))) preferred.push("audio");
  return preferred;
}

function hasPart({ content }: ChatMessage, types: ReadonlySet<string>): boolean {
  return Array.isArray(content) && content.some(({ type }: ChatPart) => types.has(type));
}
