import { createHash } from "node:crypto";
import recorded from "./golden-vectors.json" with { type: "json" };

/** A text, and what the portable session makes of it with the encoder that comes with Signalbox. */
export interface GoldenVector {
  readonly text: string;
  /** Of the embedding's little-endian float32 bytes. */
  readonly sha256: string;
  /** The embedding as int8 in base64: it tells how far another one is, to 1e-4. */
  readonly int8: string;
}

/** Recorded, so that no CPU compares itself with itself: `node test/golden/encoder-wasm.ts` writes them. */
export const goldenVectors: readonly GoldenVector[] = recorded;

export function recordGoldenVector(text: string, embedding: Float32Array): GoldenVector {
  const largest = embedding.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const int8 = Int8Array.from(embedding, (value) => Math.round((value / largest) * 127));
  return { text, sha256: checksumOfEmbedding(embedding), int8: Buffer.from(int8.buffer).toString("base64") };
}

/** Whether the embedding is the recorded one to the last bit. */
export function equalsGolden({ sha256 }: GoldenVector, embedding: Float32Array): boolean {
  return checksumOfEmbedding(embedding) === sha256;
}

/** Cosine with the recorded embedding. */
export function similarityToGolden({ int8 }: GoldenVector, embedding: Float32Array): number {
  const bytes = Buffer.from(int8, "base64");
  return cosine(embedding, new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k] as number, b[k] as number];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}

function checksumOfEmbedding({ buffer, byteOffset, byteLength }: Float32Array): string {
  return createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
}
