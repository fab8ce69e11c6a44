/** How many labeled prompts the prior is worth. */
export const PRIOR_STRENGTH = 20;

/**
 * Expected score of a model on a task of which a few prompts are labeled: (kappa prior + sum of scores) /
 * (kappa + labels), the mean of a beta posterior.
 *
 * @param scores of the labeled prompts, in [0, 1]; NaN is left out
 */
export function posteriorMean(
  prior: number,
  scores: ArrayLike<number>,
  strength: number = PRIOR_STRENGTH,
): number {
  let sum = 0;
  let known = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (Number.isNaN(score)) continue;
    sum += score;
    known++;
  }
  return (strength * prior + sum) / (strength + known);
}

/**
 * The same with what was predicted of each labeled prompt: labels move the prior only as far as they surprise, so
 * that a draw of easy prompts does not flatter a model.
 *
 * @param predictions of the labeled prompts; the prior is the mean prediction over the whole task
 */
export function surprisedPosterior(
  prior: number,
  scores: ArrayLike<number>,
  predictions: ArrayLike<number>,
  strength: number = PRIOR_STRENGTH,
): number {
  const corrected = Array.from(scores, (score, i) => score - predictions[i] + prior);
  return posteriorMean(prior, corrected, strength);
}
