/** What other benchmarks tell of an LLM's mean score over the training tasks. */
export interface LinkedAbility {
  readonly score: number;
  readonly sd: number;
}

/** With fewer LLMs in common, a line through them says nothing. */
const FEWEST_SHARED = 8;
/** Scores of 0 and 1 have no logit; a benchmark of some hundred questions tells no more than this. */
const CLOSEST_TO_CERTAIN = 0.005;

/**
 * Brings scores on other benchmarks onto the scale of the bundle: for each of them a line from its logit to the logit of
 * the mean score of those LLMs that have both, all lines weighted by how well they predict an LLM that was left out of
 * them. How far the weighted mean is to be believed is its own error on left-out LLMs.
 * @param priors mean score over the training tasks by LLM
 * @param scores by LLM and benchmark
 * @returns undefined for an LLM without a benchmark that can be used; an LLM with a prior is left out of its own lines
 */
export function linkBenchmarks(
  priors: ReadonlyMap<string, number>,
  scores: ReadonlyMap<string, ReadonlyMap<string, number>>,
): (model: string) => LinkedAbility | undefined {
  const names = [...new Set([...scores.values()].flatMap((own) => [...own.keys()]))].sort();
  const lines = names.flatMap((name) => fitLine(name, priors, scores) ?? []);
  const predict = (model: string): number | undefined => {
    let sum = 0;
    let weights = 0;
    for (const line of lines) {
      const score = scores.get(model)?.get(line.name);
      if (score === undefined) continue;
      sum += line.predict(model, logit(score)) / line.variance;
      weights += 1 / line.variance;
    }
    return weights === 0 ? undefined : sum / weights;
  };
  const errors = [...priors].flatMap(([model, prior]) => {
    const predicted = predict(model);
    return predicted === undefined ? [] : [(predicted - logit(prior)) ** 2];
  });
  const spread = Math.sqrt(errors.reduce((sum, error) => sum + error, 0) / errors.length);
  return (model) => {
    const predicted = predict(model);
    if (predicted === undefined) return undefined;
    const score = 1 / (1 + Math.exp(-predicted));
    return { score, sd: spread * score * (1 - score) };
  };
}

interface Line {
  readonly name: string;
  /** Mean squared error on LLMs that were left out. */
  readonly variance: number;
  /** Without the LLM itself, where the line went through it. */
  predict(model: string, x: number): number;
}

function fitLine(
  name: string,
  priors: ReadonlyMap<string, number>,
  scores: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Line | undefined {
  const points = [...priors].flatMap(([model, prior]) => {
    const score = scores.get(model)?.get(name);
    return score === undefined ? [] : [{ model, x: logit(score), y: logit(prior) }];
  });
  if (points.length < FEWEST_SHARED) return undefined;
  const n = points.length;
  const [meanX, meanY] = (["x", "y"] as const).map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / n);
  const squares = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / squares;
  if (!(slope > 0)) return undefined;
  const at = (x: number) => meanY + slope * (x - meanX);
  // The prediction for a point that is left out, without fitting again: (fit - h y) / (1 - h).
  const leftOut = new Map(
    points.map(({ model, x, y }) => {
      const hat = 1 / n + (x - meanX) ** 2 / squares;
      return [model, (at(x) - hat * y) / (1 - hat)];
    }),
  );
  const variance =
    points.reduce((sum, { model, y }) => sum + ((leftOut.get(model) as number) - y) ** 2, 0) / n;
  return { name, variance, predict: (model, x) => leftOut.get(model) ?? at(x) };
}

function logit(share: number): number {
  const inside = Math.min(Math.max(share, CLOSEST_TO_CERTAIN), 1 - CLOSEST_TO_CERTAIN);
  return Math.log(inside / (1 - inside));
}
