import type { EncoderFiles } from "./files.ts";
import { type EncoderManifest, parseManifest } from "./manifest.ts";
import type { EncoderSession } from "./session.ts";
import { findTensor, floatsOf } from "./tensor-file.ts";

/**
 * Opens the lexical view alone, in plain TypeScript: no transformer, a fraction of a millisecond a text.
 * `embed` returns a unit vector [384]: the mean of the text's token embeddings, weighted by count and rarity, minus
 * the same mean over the calibration texts (Arora et al. 2017, "A simple but tough-to-beat baseline for sentence
 * embeddings", without its removal of the first component). It is the second half of the full embedding, times
 * sqrt(2). `inputIds` are ignored.
 *
 * `files` are the encoder's own or what `lexicalEncoderFiles` made of them; the session keeps `files.weights`.
 * Rejects if a tensor is missing.
 */
export async function createLexicalSession(
  files: Pick<EncoderFiles, "manifest" | "weights">,
): Promise<EncoderSession> {
  const parsed = parseManifest(files.manifest);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const table = readTable(parsed.value, files.weights);
  return { embed: async ({ lexicalIds, lexicalCounts }) => embed(table, lexicalIds, lexicalCounts) };
}

interface LexicalTable {
  /** [tokens, columns]; value = int8 * scale[token]. */
  readonly words: Int8Array;
  readonly scales: Float32Array;
  /** How much a token counts: 1e-3 / (1e-3 + its frequency). */
  readonly weights: Float32Array;
  readonly mean: Float32Array;
}

function readTable({ tensors }: EncoderManifest, weights: Uint8Array): LexicalTable {
  const words = findTensor(tensors, "word_embeddings", "I8", weights.byteLength);
  return {
    words: new Int8Array(weights.buffer, weights.byteOffset + words.offset, words.bytes),
    scales: floatsOf(weights, tensors, "word_embeddings.scale"),
    weights: floatsOf(weights, tensors, "lexical.weight"),
    mean: floatsOf(weights, tensors, "lexical.mean"),
  };
}

function embed(table: LexicalTable, ids: Int32Array, counts: Float32Array): Float32Array {
  const { words, scales, weights, mean } = table;
  const columns = mean.length;
  const sum = new Float64Array(columns);
  let weightSum = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    const weight = (weights[id] as number) * (counts[i] as number);
    const factor = weight * (scales[id] as number);
    weightSum += weight;
    const row = id * columns;
    for (let k = 0; k < columns; k++) sum[k] = (sum[k] as number) + factor * (words[row + k] as number);
  }
  // A text without tokens has no weight; its view is the negated mean.
  const divisor = Math.max(weightSum, 1e-9);
  let squares = 0;
  for (let k = 0; k < columns; k++) {
    const centered = (sum[k] as number) / divisor - (mean[k] as number);
    sum[k] = centered;
    squares += centered * centered;
  }
  const length = Math.sqrt(squares);
  return Float32Array.from(sum, (value) => value / length);
}
