import type { CatalogueModel, Price } from "./catalogue.ts";

/** Token counts of one call. */
export interface Usage {
  readonly inputTokens: number;
  /** The part of `inputTokens` that the provider is expected to have in its prompt cache. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** Used where a bundle has seen no answer lengths: a paragraph or two. */
export const UNKNOWN_OUTPUT_TOKENS = 400;

/** USD that one call costs: tokens times price, the output cut at the model's limit. */
export function expectedUsd(model: CatalogueModel, usage: Usage): number {
  const { maxOutputTokens, unseenOutputTokens } = model;
  const price = priceFor(model.price, usage.inputTokens);
  const answer = Number.isFinite(usage.outputTokens) ? usage.outputTokens : UNKNOWN_OUTPUT_TOKENS;
  const fresh = usage.inputTokens - usage.cachedInputTokens;
  return (
    (fresh * price.input +
      usage.cachedInputTokens * price.cachedInput +
      Math.min(answer + unseenOutputTokens, maxOutputTokens) * price.output) /
    1e6
  );
}

/** The price of a call with that much input: long ones cost more at some providers. */
export function priceFor(price: Price, inputTokens: number): Pick<Price, "input" | "cachedInput" | "output"> {
  return price.tiers?.findLast(({ aboveInputTokens }) => inputTokens > aboveInputTokens) ?? price;
}

// English prose and code have about four characters a token in the tokenizers of today's LLMs.
const CHARACTERS_PER_TOKEN = 4;

/** Rough token count of an answer of which only the length in characters is known. */
export function estimateTokensOfLength(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
