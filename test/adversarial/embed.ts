import { bundledEncoderDirectory } from "../../src/cli/encoder.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { readEncoderFiles } from "../../src/embedding/encoder-files.ts";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { encodeText } from "../../src/encoder/encode-text.ts";
import { createLexicalSession } from "../../src/encoder/lexical-session.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import type { EncoderInput } from "../../src/encoder/session.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";

/** Defenses that change what the encoder sees, or what the router sees of it; `none` is the product. */
export const encoderDefenses = [
  "none",
  "log counts",
  "distinct words",
  "half lexical",
  "context only",
] as const;
export type EncoderDefense = (typeof encoderDefenses)[number];

const files = await readEncoderFiles(bundledEncoderDirectory);
const tokenizer = unwrap(createTokenizer(files.tokenizer));
const { input: limits } = unwrap(parseManifest(files.manifest));
const full = await createPortableSession(files);
const lexical = await createLexicalSession(files);

export const vocabulary: readonly string[] = (
  JSON.parse(new TextDecoder().decode(files.tokenizer)) as { vocabulary: string }
).vocabulary.split("\n");

/** The context view, of unit length, and the input that the lexical view is made from. */
export interface Seen {
  readonly context: Float32Array;
  readonly input: EncoderInput;
}

export async function see(text: string): Promise<Seen> {
  const input = encodeText(tokenizer, text, limits);
  const embedding = await full.embed(input);
  const context = embedding.slice(0, embedding.length / 2).map((value) => value * Math.SQRT2);
  return { context, input };
}

export function inputOf(text: string): EncoderInput {
  return encodeText(tokenizer, text, limits);
}

/** The embedding of what was seen, under a defense. The bundle is the same for all: none of them is trained for. */
export async function embeddingOf(
  { context, input }: Seen,
  defense: EncoderDefense = "none",
): Promise<Float32Array> {
  const counts = {
    "log counts": (n: number) => Math.log2(1 + n),
    "distinct words": (n: number) => Math.min(n, 1),
  };
  const change =
    defense === "log counts" || defense === "distinct words" ? counts[defense] : (n: number) => n;
  const words = await lexical.embed({ ...input, lexicalCounts: input.lexicalCounts.map(change) });
  const weight = defense === "half lexical" ? 0.5 : defense === "context only" ? 0 : 1;
  const length = Math.sqrt(1 + weight * weight);
  const embedding = new Float32Array(context.length + words.length);
  embedding.set(context.map((value) => value / length));
  embedding.set(
    words.map((value) => (weight * value) / length),
    context.length,
  );
  return embedding;
}
