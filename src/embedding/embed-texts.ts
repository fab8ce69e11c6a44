import type { Encoder } from "../encoder/encoder.ts";
import { threadCount } from "./portable-threads.ts";

/** An encoder on this machine. */
export interface LocalEncoder extends Encoder {
  /**
   * `portable` gives the same bits as the Worker on every CPU; `native` rounds here and there as its CPU does.
   * Embeddings of the two are kept apart.
   */
  readonly arithmetic: "portable" | "native";
}

// While each thread works on one text, the next is tokenized.
const TEXTS_AT_ONCE = threadCount + 1;

/** Embeds many texts in order, some at a time; `onProgress` is told how many are done. */
export async function embedTexts(
  encoder: Encoder,
  texts: readonly string[],
  onProgress: (done: number) => void = () => {},
): Promise<Float32Array[]> {
  const embeddings: Float32Array[] = new Array(texts.length);
  let next = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < texts.length) {
      const k = next++;
      embeddings[k] = await encoder.embed(texts[k] as string);
      onProgress(++done);
    }
  }
  await Promise.all(Array.from({ length: TEXTS_AT_ONCE }, work));
  return embeddings;
}
