import type { WordsView } from "../../core/predictor.ts";
import { row } from "../../numerics/matrix.ts";
import type { Dataset } from "../../training/dataset.ts";

/** Of a unit vector's squared length, each of two views has half, but for rounding. */
const ROUNDING = 0.02;
const LOOKED_AT = 20;

/**
 * Where the lexical view stands in embeddings of both views, which are of equal length side by side (encoder/session.ts);
 * undefined where the embeddings are of another kind.
 */
export function lexicalHalf({ embeddings }: Pick<Dataset, "embeddings">): WordsView | undefined {
  const dimension = embeddings.columns / 2;
  if (embeddings.rows === 0 || dimension % 4 !== 0) return undefined;
  const looked = Array.from({ length: Math.min(embeddings.rows, LOOKED_AT) }, (_, i) => row(embeddings, i));
  const isHalf = (embedding: Float32Array) => {
    const squares = embedding.subarray(0, dimension).reduce((sum, value) => sum + value * value, 0);
    return Math.abs(squares - 0.5) < ROUNDING;
  };
  return looked.every(isHalf) ? { offset: dimension, dimension } : undefined;
}
