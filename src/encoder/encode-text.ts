import type { EncoderInput } from "./session.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Input-side settings of the encoder; changing them changes embeddings, so they stand in the manifest. */
export interface InputLimits {
  /**
   * Most tokens of the context view, [CLS] and [SEP] included. A longer text keeps its first and its last
   * tokens, half each: instructions stand at the start or the end, and the cost stays bounded.
   */
  readonly tokenCap: number;
  /** Most distinct tokens of the lexical view, in order of appearance: bounds the memory of a hostile text. */
  readonly lexicalDistinctCap: number;
}

/**
 * Turns text into the inputs of both views. A text without tokens gets [PAD] (id 0) with count 0 in the lexical
 * view, which makes that view the negated mean: finite and always the same.
 */
export function encodeText(tokenizer: Tokenizer, text: string, limits: InputLimits): EncoderInput {
  const ids = tokenizer.encode(text);
  return {
    inputIds: contextIds(tokenizer, ids, limits.tokenCap),
    ...countDistinct(ids, limits.lexicalDistinctCap),
  };
}

/** Share of the text's tokens that are not [UNK]; 0 for a text without tokens. */
export function readableShare(tokenizer: Tokenizer, text: string): number {
  const ids = tokenizer.encode(text);
  if (ids.length === 0) return 0;
  let known = 0;
  for (const id of ids) if (id !== tokenizer.unknownId) known++;
  return known / ids.length;
}

function contextIds({ startId, endId }: Tokenizer, ids: Int32Array, tokenCap: number): Int32Array {
  const kept = Math.min(ids.length, tokenCap - 2);
  const head = kept < ids.length ? Math.ceil(kept / 2) : kept;
  const inputIds = new Int32Array(kept + 2);
  inputIds[0] = startId;
  inputIds.set(ids.subarray(0, head), 1);
  inputIds.set(ids.subarray(ids.length - (kept - head)), 1 + head);
  inputIds[kept + 1] = endId;
  return inputIds;
}

function countDistinct(ids: Int32Array, cap: number): Pick<EncoderInput, "lexicalIds" | "lexicalCounts"> {
  const counts = new Map<number, number>();
  for (const id of ids) {
    const seen = counts.get(id);
    if (seen !== undefined) counts.set(id, seen + 1);
    else if (counts.size < cap) counts.set(id, 1);
  }
  if (counts.size === 0) counts.set(0, 0);
  return { lexicalIds: Int32Array.from(counts.keys()), lexicalCounts: Float32Array.from(counts.values()) };
}
