import type { Matrix } from "../../numerics/matrix.ts";

/**
 * Area under the ROC curve, pooled over all models and prompts: the probability that a right answer (score above one
 * half) was given a higher probability than a wrong one, ties counting one half. NaN where all are right or all wrong.
 *
 * @param pCorrect [prompts, models] @param outcomes [prompts, models]; a NaN of either is left out
 */
export function pooledAuc(pCorrect: Matrix, outcomes: Matrix): number {
  return aucOfCells(pCorrect, outcomes, 0, 1);
}

/**
 * The same within each model, averaged over the models that have right and wrong answers. Stricter than the pooled
 * figure, which also rewards knowing that one model is better than another.
 */
export function meanModelAuc(pCorrect: Matrix, outcomes: Matrix): number {
  const { columns } = outcomes;
  const ofModels = Array.from({ length: columns }, (_, m) => aucOfCells(pCorrect, outcomes, m, columns));
  const known = ofModels.filter((auc) => !Number.isNaN(auc));
  return known.reduce((sum, auc) => sum + auc, 0) / known.length;
}

/** Over every `stride`-th cell from `first` on. */
function aucOfCells(pCorrect: Matrix, outcomes: Matrix, first: number, stride: number): number {
  const known: number[] = [];
  for (let k = first; k < outcomes.data.length; k += stride) {
    if (!Number.isNaN(outcomes.data[k]) && !Number.isNaN(pCorrect.data[k])) known.push(k);
  }
  const keys = Float64Array.from(known, (k) => pCorrect.data[k]);
  const order = Uint32Array.from(keys.keys()).sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    return x < y ? -1 : x > y ? 1 : 0;
  });
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let right = 0;
    const value = keys[order[start]];
    while (end < order.length && keys[order[end]] === value) {
      if (outcomes.data[known[order[end]]] > 0.5) right++;
      end++;
    }
    positives += right;
    rankSum += (right * (start + 1 + end)) / 2;
    start = end;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
