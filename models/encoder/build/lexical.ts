import { HIDDEN } from "./minilm.ts";

// Arora et al. 2017 ("A simple but tough-to-beat baseline for sentence embeddings") use 1e-3 as well.
const FREQUENCY_HALVING_WEIGHT = 1e-3;

/** Weight of each token id in the lexical view: f0 / (f0 + f), f its share of all tokens; 1 for an unseen one. */
export function lexicalWeights(tokenCounts: Int32Array): Float32Array {
  const total = tokenCounts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(
    tokenCounts,
    (count) => FREQUENCY_HALVING_WEIGHT / (FREQUENCY_HALVING_WEIGHT + count / total),
  );
}

/** Weighted mean of the token embeddings of one text, before centring; `embeddings` is [vocabulary, HIDDEN]. */
export function lexicalMeanOf(
  ids: Int32Array,
  counts: Float32Array,
  weights: Float32Array,
  embeddings: Float32Array,
): Float64Array {
  const sum = new Float64Array(HIDDEN);
  let weightSum = 0;
  ids.forEach((id, k) => {
    const weight = counts[k] * weights[id];
    weightSum += weight;
    for (let j = 0; j < HIDDEN; j++) {
      sum[j] += weight * embeddings[id * HIDDEN + j];
    }
  });
  return weightSum === 0 ? sum : sum.map((value) => value / weightSum);
}
