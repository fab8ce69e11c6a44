import type { WordsView } from "../../core/predictor.ts";
import { matrix, normalizeRows, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../dataset.ts";

/** The dataset with the lexical view of its embeddings in their place, of unit length as the lexical session returns it. */
export function takeLexicalView(dataset: Dataset, { offset, dimension }: WordsView): Dataset {
  const { embeddings } = dataset;
  const views = matrix(embeddings.rows, dimension);
  for (let i = 0; i < embeddings.rows; i++) {
    views.data.set(row(embeddings, i).subarray(offset, offset + dimension), i * dimension);
  }
  return { ...dataset, embeddings: normalizeRows(views) };
}
