/** Outcome of the model with the highest score among those that have an outcome. */
export function bestObserved(outcomes: Float32Array, scoreOf: (m: number) => number): number {
  let best = Number.NEGATIVE_INFINITY;
  let outcome = 0;
  for (let m = 0; m < outcomes.length; m++) {
    if (Number.isNaN(outcomes[m])) continue;
    const score = scoreOf(m);
    if (score > best) {
      best = score;
      outcome = outcomes[m] as number;
    }
  }
  return outcome;
}
