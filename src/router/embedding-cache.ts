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
 * Least recently used goes first, of whoever holds most: a caller of many texts displaces no other caller's few. Keys are
 * hashes, so no text stays in memory, and hold the encoder's checksum, so that a new encoder never meets old embeddings.
 */
export function createEmbeddingCache(capacity: number): EmbeddingCache {
  // A Map iterates in the order of insertion: the first key is the one used longest ago. Owners are keys of API_KEYS.
  const owners = new Map<string, Map<string, Float32Array>>();
  let size = 0;
  let hits = 0;
  let misses = 0;
  const makeRoom = () => {
    const largest = [...owners.values()].reduce((most, entries) =>
      entries.size > most.size ? entries : most,
    );
    largest.delete(largest.keys().next().value as string);
    size--;
  };
  return {
    async embed(encoder, text, owner) {
      const key = `${encoder.checksum}:${await checksumOf(new TextEncoder().encode(text))}`;
      const entries = owners.get(owner) ?? new Map<string, Float32Array>();
      owners.set(owner, entries);
      const known = entries.get(key);
      if (known !== undefined) {
        hits++;
        entries.delete(key);
        entries.set(key, known);
        return { embedding: known, hit: true };
      }
      misses++;
      const embedding = await encoder.embed(text);
      if (capacity === 0) return { embedding, hit: false };
      // Somebody else may have asked the same meanwhile.
      if (!entries.has(key)) size++;
      entries.set(key, embedding);
      if (size > capacity) makeRoom();
      return { embedding, hit: false };
    },
    counts: () => ({ size, capacity, hits, misses }),
  };
}
