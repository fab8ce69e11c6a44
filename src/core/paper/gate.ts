/** What the gate knows of one model on the new task. */
export interface GateCandidate {
  /** Prompts with a positive verdict. */
  readonly positives: number;
  /** Prompts with a negative verdict. */
  readonly negatives: number;
  /** Estimated probability that a verdict is right. */
  readonly accuracy: number;
}

/** The paper's threshold on the probability of being better. */
export const GATE_ETA = 0.6;
export const GATE_DRAWS = 1000;

/**
 * P(S3~(a) > S3~(b)), strictly, where S3~ is the number of right answers drawn as Binomial(positives, p) +
 * Binomial(negatives, 1 - p), by Monte Carlo (Shnitzer et al. 2023, section 4.2).
 *
 * @param random uniform in [0, 1)
 */
export function probabilityOfBetter(
  a: GateCandidate,
  b: GateCandidate,
  random: () => number,
  draws: number = GATE_DRAWS,
): number {
  const [drawA, drawB] = [prepareRight(a), prepareRight(b)];
  const [promptsA, promptsB] = [a.positives + a.negatives, b.positives + b.negatives];
  let better = 0;
  for (let k = 0; k < draws; k++) {
    // As shares, because the two may have been counted on different numbers of prompts.
    if (drawA(random) * promptsB > drawB(random) * promptsA) better++;
  }
  return better / draws;
}

/**
 * The model to use for the task: `best` (largest S3) where it is probably better than the best model on average, or
 * else that one.
 *
 * @returns the index of the chosen candidate
 */
export function gateChoice(
  candidates: readonly GateCandidate[],
  best: number,
  bestOnAverage: number,
  random: () => number,
  eta: number = GATE_ETA,
): number {
  if (best === bestOnAverage) return best;
  const probability = probabilityOfBetter(
    candidates[best] as GateCandidate,
    candidates[bestOnAverage] as GateCandidate,
    random,
  );
  return probability > eta ? best : bestOnAverage;
}

function prepareRight({ positives, negatives, accuracy }: GateCandidate): (random: () => number) => number {
  const positive = prepareBinomial(positives, accuracy);
  const negative = prepareBinomial(negatives, 1 - accuracy);
  return (random) => positive(random) + negative(random);
}

/** Draws from Binomial(n, p) by inverting the cumulative distribution, tabled once. */
export function prepareBinomial(n: number, p: number): (random: () => number) => number {
  const cumulative = cumulativeBinomial(n, p);
  return (random) => {
    const u = random();
    let low = 0;
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > u) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** [n + 1] P(X <= k) */
function cumulativeBinomial(n: number, p: number): Float64Array {
  const cumulative = new Float64Array(n + 1);
  if (p <= 0 || p >= 1) {
    for (let k = 0; k <= n; k++) cumulative[k] = p <= 0 || k === n ? 1 : 0;
    return cumulative;
  }
  // In logarithms: (1 - p)^n underflows for a few thousand prompts.
  let log = n * Math.log1p(-p);
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += Math.exp(log);
    cumulative[k] = sum;
    log += Math.log((n - k) / (k + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return cumulative;
}
