import { ok, type Result } from "../core/result.ts";
import { encodeText, readableShare } from "./encode-text.ts";
import { checksumOf, type EncoderFiles } from "./files.ts";
import { type ManifestCode, parseManifest } from "./manifest.ts";
import type { EncoderSession } from "./session.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { VocabularyCode } from "./vocabulary.ts";

/** Text to embedding. */
export interface Encoder {
  readonly id: string;
  /** sha256 of the manifest, which names the sha256 of every other file: two equal checksums embed alike. */
  readonly checksum: string;
  readonly dimension: number;
  /** See `EncoderSession`. */
  readonly activationBits?: 7 | 8;
  /** Returns a unit vector of `dimension` floats for any text, the empty one included. */
  embed(text: string): Promise<Float32Array>;
  /**
   * Share of the text's tokens that the encoder knows, from 0 to 1; 0 for a text without any. All that it does not know
   * looks the same to it, so that an embedding of such a text says nothing.
   */
  readable(text: string): number;
}

export type EncoderCode = ManifestCode | VocabularyCode;

/**
 * Joins tokenizer and session to an encoder. Reads the manifest and the tokenizer only; their checksums, and the
 * other files', are checked by `verifyEncoderFiles`.
 *
 * @example
 * const encoder = await createEncoder(files, await createPortableSession(files));
 * if (encoder.ok) await encoder.value.embed("What is the capital of France?");
 */
export async function createEncoder(
  files: Pick<EncoderFiles, "manifest" | "tokenizer">,
  session: EncoderSession,
): Promise<Result<Encoder, EncoderCode>> {
  const manifest = parseManifest(files.manifest);
  if (!manifest.ok) return manifest;
  const tokenizer = createTokenizer(files.tokenizer);
  if (!tokenizer.ok) return tokenizer;
  const { id, dimension, input } = manifest.value;
  const { activationBits } = session;
  const checksum = await checksumOf(files.manifest);
  return ok({
    id,
    checksum,
    dimension,
    ...(activationBits === undefined ? {} : { activationBits }),
    async embed(text) {
      const embedding = await session.embed(encodeText(tokenizer.value, text, input));
      if (embedding.length !== dimension) {
        throw new Error(`the session returned ${embedding.length} numbers, the manifest says ${dimension}`);
      }
      return embedding;
    },
    readable: (text) => readableShare(tokenizer.value, text),
  });
}
