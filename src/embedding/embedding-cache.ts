import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { LocalEncoder } from "./embed-texts.ts";

const KEY_BYTES = 16;

/**
 * Embeddings by content, so that a second run does not pay for them again. One append-only file per encoder: records
 * of a text's hash and its float32 embedding. A record that an interrupted run left half-written is cut off on opening.
 */
export interface EmbeddingCache {
  get(text: string): Float32Array | undefined;
  /** Appends to the file at once, so that an interruption loses nothing that was computed. */
  put(entries: readonly { readonly text: string; readonly embedding: Float32Array }[]): void;
}

/** Another encoder gets another file, and so does another arithmetic. */
export function openEmbeddingCache(
  directory: string,
  { checksum, arithmetic, dimension }: Pick<LocalEncoder, "checksum" | "arithmetic" | "dimension">,
): EmbeddingCache {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `${checksum.slice(0, 16)}.${arithmetic}.embeddings`);
  const recordBytes = KEY_BYTES + dimension * Float32Array.BYTES_PER_ELEMENT;
  const known = new Map<string, Float32Array>();
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    const whole = bytes.length - (bytes.length % recordBytes);
    if (whole < bytes.length) truncateSync(file, whole);
    for (let start = 0; start < whole; start += recordBytes) {
      const values = bytes.buffer.slice(
        bytes.byteOffset + start + KEY_BYTES,
        bytes.byteOffset + start + recordBytes,
      );
      known.set(bytes.toString("hex", start, start + KEY_BYTES), new Float32Array(values as ArrayBuffer));
    }
  }
  return {
    get: (text) => known.get(keyOf(text).toString("hex")),
    put: (entries) => {
      const records = entries.map(({ text, embedding }) => {
        const key = keyOf(text);
        known.set(key.toString("hex"), embedding);
        return Buffer.concat([
          key,
          new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength),
        ]);
      });
      // What was asked can be guessed from an embedding.
      appendFileSync(file, Buffer.concat(records), { mode: 0o600 });
    },
  };
}

function keyOf(text: string): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, KEY_BYTES);
}
