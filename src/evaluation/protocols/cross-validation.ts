import { permutation, seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import { type Split, splitAround } from "./split.ts";

/**
 * k folds over prompts. Prompts with equal normalized text fall into the same fold. Folds are drawn over the texts in
 * the order of their keys, so that neither the order of a file nor that of several files changes them.
 */
export function crossValidate(dataset: Pick<Dataset, "textKeys">, folds: number, seed: number): Split[] {
  const texts = [...new Set(dataset.textKeys)].sort();
  const order = permutation(texts.length, seededRandom(seed));
  const foldOf = new Map<string, number>();
  for (let k = 0; k < order.length; k++) foldOf.set(texts[order[k]] as string, k % folds);
  return Array.from({ length: Math.min(folds, texts.length) }, (_, fold) =>
    splitAround(`fold ${fold + 1}`, dataset, (i) => foldOf.get(dataset.textKeys[i] as string) === fold),
  );
}
