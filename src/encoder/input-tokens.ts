import type { ChatMessage } from "./route-text.ts";

// Tokens a UTF-16 unit, rounded up from what o200k_base makes of texts of each kind; older tokenizers make more of scripts
// other than Latin.
const TOKENS = {
  /** Words and the spaces between them, prose and code. */
  word: 0.22,
  punctuation: 0.4,
  digit: 0.5,
  /** Hexadecimal, base64, identifiers: letters and digits mixed, or letters without an end. */
  random: 0.65,
  /** Cyrillic, Greek, Arabic, Hebrew, Latin with marks. */
  alphabet: 0.33,
  /** Indic scripts, Thai, Hangul. */
  syllable: 0.48,
  /** Chinese, kana, emoji. */
  ideograph: 0.78,
} as const;
const LONGEST_WORD = 24;
/** Role and separators. */
const TOKENS_PER_MESSAGE = 4;
/** A middle-sized image; providers count from 85 to some thousand. */
const TOKENS_PER_IMAGE = 800;
// A page of a scanned document has about 100 KB and is read as text and image; of sound, compressed as people send it, a
// second has 16 KB and ten tokens. In base64, four characters hold three bytes.
const TOKENS_PER_PAGE = 1500;
const BASE64_CHARACTERS_PER_PAGE = 133_000;
const BASE64_CHARACTERS_PER_AUDIO_TOKEN = 2_100;

/**
 * Estimated tokens of everything that will be sent to the model: all roles, tool calls and tool definitions; images
 * count a flat rate whatever the length of their data URL, files by the page and sound by its length. Within a third of
 * the tokenizer's count for prose, code, tables, logs and random characters, which is what prices and context windows need.
 */
export function estimateInputTokens(
  messages: readonly ChatMessage[],
  tools: readonly unknown[] = [],
): number {
  const tokens = messages.reduce((sum, message) => sum + messageTokens(message), 0);
  return Math.ceil(tokens + (tools.length === 0 ? 0 : textTokens(JSON.stringify(tools))));
}

/** The same of one message, not rounded. */
export function messageTokens({ role: _, content, tool_calls, ...others }: ChatMessage): number {
  let tokens = TOKENS_PER_MESSAGE + fieldTokens(others);
  if (tool_calls) tokens += textTokens(JSON.stringify(tool_calls));
  if (typeof content === "string") return tokens + textTokens(content);
  for (const part of content ?? []) tokens += partTokens(part);
  return tokens;
}

function partTokens(part: { readonly type: string; readonly text?: string | null | undefined }): number {
  const { type, text, ...others } = part;
  if (typeof text === "string") return textTokens(text) + fieldTokens(others);
  if (type.includes("image")) return TOKENS_PER_IMAGE;
  if (type.includes("audio"))
    return Math.ceil(JSON.stringify(part).length / BASE64_CHARACTERS_PER_AUDIO_TOKEN);
  if (type.includes("file") || type === "document") {
    return TOKENS_PER_PAGE * Math.ceil(JSON.stringify(part).length / BASE64_CHARACTERS_PER_PAGE);
  }
  return textTokens(JSON.stringify(part));
}

/** Fields that a provider may read beside those that are known, such as an earlier answer's reasoning. */
function fieldTokens(fields: object): number {
  return Object.keys(fields).length === 0 ? 0 : textTokens(JSON.stringify(fields));
}

function textTokens(text: string): number {
  let tokens = 0;
  let k = 0;
  while (k < text.length) {
    const start = k;
    let letters = 0;
    for (; k < text.length; k++) {
      const unit = text.charCodeAt(k);
      if (isLetter(unit)) letters++;
      else if (!isDigit(unit)) break;
    }
    const length = k - start;
    const kind = letters === 0 ? "digit" : letters < length || length > LONGEST_WORD ? "random" : "word";
    tokens += length * TOKENS[kind];
    if (k < text.length) tokens += TOKENS[kindOf(text.charCodeAt(k++))];
  }
  return tokens;
}

function isLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 97 && lower <= 122 && unit < 128;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** Of a unit that is neither letter nor digit of ASCII. */
function kindOf(unit: number): keyof typeof TOKENS {
  if (unit <= 32) return "word";
  if (unit < 128) return "punctuation";
  if (unit < 0x0900) return "alphabet";
  if (unit < 0x1200 || (unit >= 0xac00 && unit < 0xd7b0)) return "syllable";
  if (unit < 0x2000) return "alphabet";
  return "ideograph";
}
