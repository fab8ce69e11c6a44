/**
 * What the paper predicts of one model on one task of n unlabeled prompts, from the probabilities g of its
 * correctness classifier (Shnitzer et al. 2023, arXiv 2309.15789, section 4).
 */

/** gbar(x) = 1 where g(x) > 0.5: the classifier's verdict "this model will be right". */
export function verdict(g: number): 0 | 1 {
  return g > 0.5 ? 1 : 0;
}

/** S1: mean of g over the prompts. @param g [n] */
export function scoreS1(g: ArrayLike<number>): number {
  return mean(g, (value) => value);
}

/** S2: share of prompts with a positive verdict. @param g [n] */
export function scoreS2(g: ArrayLike<number>): number {
  return mean(g, verdict);
}

/**
 * S3: S2 corrected for how often verdicts are right on this task, S2 p + (1 - S2)(1 - p).
 *
 * @param s2 share of positive verdicts @param p probability that a verdict is right
 */
export function scoreS3(s2: number, p: number): number {
  return s2 * p + (1 - s2) * (1 - p);
}

/**
 * p(d,m): share of a task's labeled prompts on which the verdict is right. A soft score y agrees with a positive
 * verdict to the extent y and with a negative one to the extent 1 - y.
 *
 * @param g [n] @param scores [n] in [0, 1]; NaN is left out
 * @returns NaN where no score is known
 */
export function verdictAccuracy(g: ArrayLike<number>, scores: ArrayLike<number>): number {
  let agreement = 0;
  let known = 0;
  for (let i = 0; i < g.length; i++) {
    const score = scores[i];
    if (Number.isNaN(score)) continue;
    agreement += verdict(g[i]) === 1 ? score : 1 - score;
    known++;
  }
  return agreement / known;
}

function mean(values: ArrayLike<number>, of: (value: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i]);
  return sum / values.length;
}
