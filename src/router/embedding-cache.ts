import type { Encoder } from "../encoder/encoder.ts";
import { checksumOf } from "../encoder/files.ts";

interface CacheCounts {
  readonly size: number;
  readonly capacity: number;
  readonly hits: number;
  readonly misses: number;
}

/** Embeddings of the texts that this isolate met last: a chat asks with the same first turn again and again. */
export interface EmbeddingCache {
  /**
   * @param owner name of the API key that asks. Each finds only what it asked before: how long an answer takes must not
   * tell one caller what another one asked.
   */
  embed(
    encoder: Encoder,
    text: string,
    owner: string,
  ): Promise<{ readonly embedding: Float32Array; readonly hit: boolean }>;
  counts(): CacheCounts;
}

/**
 * Least recently used goes first. Keys are hashes, so no text stays in memory, and hold the encoder's checksum, so
 * that a new encoder never meets old embeddings.
 */
export function createEmbeddingCache(capacity: number): EmbeddingCache {
  // A Map iterates in the order of insertion: the first key is the one used longest ago.
  const entries = new Map<string, Float32Array>();
  let hits = 0;
  let misses = 0;
  return {
    async embed(encoder, text, owner) {
      const key = `${owner}:${encoder.checksum}:${await checksumOf(new TextEncoder().encode(text))}`;
      const known = entries.get(key);
      if (known !== undefined) {
        hits++;
        entries.delete(key);
        entries.set(key, known);
        return { embedding: known, hit: true };
      }
      misses++;
      const embedding = await encoder.embed(text);
      if (capacity > 0) entries.set(key, embedding);
      if (entries.size > capacity) entries.delete(entries.keys().next().value as string);
      return { embedding, hit: false };
    },
    counts: () => ({ size: entries.size, capacity, hits, misses }),
  };
}
