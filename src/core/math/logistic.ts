/** Log-odds to probability. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Probability, strictly between 0 and 1, to log-odds. */
export function logit(p: number): number {
  return Math.log(p / (1 - p));
}
