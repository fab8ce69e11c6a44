/** A task whose labels are known: how far it is from the other tasks, and how often verdicts are right on it. */
export interface ReferencePair {
  /** u(d) */
  readonly distance: number;
  /** p(d,m) of one model, measured with the task left out of training. */
  readonly accuracy: number;
}

/** The width of the paper's kernel, in cosine distance. */
export const KERNEL_WIDTH = 0.09;

/**
 * Estimate of p(d',m) for a task without labels: the Gaussian kernel smoother over the reference pairs of other tasks,
 * read at the distance of the new one (Shnitzer et al. 2023, section 4.2). Pairs without a known accuracy are left
 * out; NaN without any pair.
 */
export function smoothAccuracy(
  pairs: readonly ReferencePair[],
  distance: number,
  width: number = KERNEL_WIDTH,
): number {
  const known = pairs.filter(({ accuracy }) => !Number.isNaN(accuracy));
  const exponents = known.map((pair) => -((pair.distance - distance) ** 2) / (2 * width ** 2));
  // Relative to the nearest pair, or a task far from all of them would divide zero by zero.
  const largest = Math.max(...exponents);
  let sum = 0;
  let weights = 0;
  for (const [k, { accuracy }] of known.entries()) {
    const weight = Math.exp(exponents[k] - largest);
    sum += weight * accuracy;
    weights += weight;
  }
  return sum / weights;
}
