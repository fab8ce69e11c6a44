import type { ChatMessage } from "./route-text.ts";

// Rules of thumb over current tokenizers: four characters of English or code a token, and of other scripts
// (Chinese, Arabic, emoji) about two tokens for three UTF-16 units.
const ASCII_CHARACTERS_PER_TOKEN = 4;
const OTHER_UNITS_PER_TOKEN = 1.5;
/** Role and separators. */
const TOKENS_PER_MESSAGE = 4;
/** A middle-sized image; providers count from 85 to some thousand. */
const TOKENS_PER_IMAGE = 800;

/**
 * Estimated tokens of everything that will be sent to the model: all roles, tool calls and tool definitions; images
 * count a flat rate whatever the length of their data URL. Good to some ten per cent for prose, which is what
 * prices and context windows need.
 */
export function estimateInputTokens(
  messages: readonly ChatMessage[],
  tools: readonly unknown[] = [],
): number {
  let tokens = tools.length === 0 ? 0 : textTokens(JSON.stringify(tools));
  for (const { content, tool_calls } of messages) {
    tokens += TOKENS_PER_MESSAGE;
    if (tool_calls) tokens += textTokens(JSON.stringify(tool_calls));
    if (typeof content === "string") tokens += textTokens(content);
    else for (const part of content ?? []) tokens += partTokens(part);
  }
  return Math.ceil(tokens);
}

function partTokens(part: { readonly type: string; readonly text?: string | null | undefined }): number {
  if (typeof part.text === "string") return textTokens(part.text);
  return part.type.includes("image") ? TOKENS_PER_IMAGE : textTokens(JSON.stringify(part));
}

function textTokens(text: string): number {
  let others = 0;
  for (let k = 0; k < text.length; k++) if (text.charCodeAt(k) > 127) others++;
  return (text.length - others) / ASCII_CHARACTERS_PER_TOKEN + others / OTHER_UNITS_PER_TOKEN;
}
