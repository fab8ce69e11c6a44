/** A candidate of a decision as it was logged. */
export interface LoggedCandidate {
  readonly model: string;
  readonly pCorrect: number;
  readonly expectedUsd: number;
  /** Whether the decision could have drawn it at random. */
  readonly couldBeDrawn: boolean;
}

/** A decision whose answer was graded: all that the value of a way to choose can be told from. */
export interface GradedDecision {
  readonly model: string;
  /** Of the answer, in [0, 1]. */
  readonly score: number;
  /** With which probability that model was chosen. */
  readonly propensity: number;
  /** What the rule chose, before any draw. */
  readonly policyModel: string;
  readonly candidates: readonly LoggedCandidate[];
}

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a way to choose would have scored on the decisions, told in three ways. */
export interface PolicyValue {
  /** The mean probability of its choices by the bundle that decided. Nothing of it is measured. */
  readonly direct: Estimate;
  /**
   * Self-normalized inverse propensity: from scores alone. Where what it chooses could never have been chosen, nothing is
   * known, so that every score from 0 to 1 is within the interval; the value is null then.
   */
  readonly measured: Omit<Estimate, "value"> & { readonly value: number | null };
  /**
   * Doubly robust: `direct`, corrected by scores wherever its choices could have been chosen. Elsewhere the value is
   * `direct`'s, and the interval holds every score from 0 to 1.
   */
  readonly corrected: Estimate;
  /** USD that its choices were expected to cost, mean. */
  readonly usd: Estimate;
  /** Share of the decisions whose choice could never have been chosen: what is said of them is extrapolation. */
  readonly extrapolatedShare: number;
  /** Answers that bear on the share where it chooses otherwise than the rule did. */
  readonly drawnAnswers: number;
}

/** Normal quantile of a 95 % interval. */
const Z = 1.959964;
/**
 * Agresti and Coull 1998: as if so many answers more had been seen, half of them right. With few answers the plain
 * interval is too narrow, and with none it would be empty; this one is nearly all from 0 to 1 then.
 */
const PSEUDO = Z ** 2;

/** What one decision tells of a way to choose. */
export interface Observation {
  readonly stratum: Stratum;
  /** 1 / propensity where the policy chooses what answered; else 0. */
  readonly weight: number;
  readonly score: number;
  /** By the bundle that decided, of the policy's choice. */
  readonly predicted: number;
  readonly usd: number;
}

type Stratum = "agrees" | "drawable" | "out_of_reach";

/** @param choice one of its candidates */
export function observe(decision: GradedDecision, choice: string): Observation {
  const { model, score, propensity, policyModel, candidates } = decision;
  const candidate = candidates.find((one) => one.model === choice);
  if (candidate === undefined) throw new Error(`${choice} was no candidate`);
  return {
    stratum: choice === policyModel ? "agrees" : candidate.couldBeDrawn ? "drawable" : "out_of_reach",
    weight: model === choice ? 1 / propensity : 0,
    score,
    predicted: candidate.pCorrect,
    usd: candidate.expectedUsd,
  };
}

/**
 * The value of a way to choose on logged decisions. Strata by what could be known: where it agrees with the rule, where its
 * choice could have been drawn, and where it could not. Within the first two, answers count by the inverse of their
 * propensity, divided by the sum of these weights.
 * @param observations one for each decision, and at least one
 * @see Swaminathan and Joachims 2015 (self-normalized), Dudik et al. 2011 (doubly robust)
 */
export function valueOfPolicy(observations: readonly Observation[]): PolicyValue {
  const of = (stratum: Stratum) => observations.filter((one) => one.stratum === stratum);
  const agreeing = of("agrees");
  const drawable = of("drawable");
  const n = observations.length;
  const extrapolatedShare = of("out_of_reach").length / n;
  const direct = observations.map(({ predicted }) => predicted);

  const scores = { agrees: scoreIn(agreeing), drawable: scoreIn(drawable) };
  const levels = observations.map(({ stratum }) =>
    stratum === "out_of_reach" ? 0 : scores[stratum].shrunk.value,
  );
  const measured = combine(levels, [
    [agreeing.length / n, scores.agrees.shrunk],
    [drawable.length / n, scores.drawable.shrunk],
  ]);
  const raw = (agreeing.length * scores.agrees.plain + drawable.length * scores.drawable.plain) / n;
  const isMeasured = extrapolatedShare === 0 && Number.isFinite(raw);

  const residuals = { agrees: residualIn(agreeing), drawable: residualIn(drawable) };
  const correctedBy = (of: (residual: Residual) => number) =>
    observations.map(
      ({ stratum, predicted }) => predicted + (stratum === "out_of_reach" ? 0 : of(residuals[stratum])),
    );
  const corrected = combine(
    correctedBy(({ shrunk }) => shrunk.value),
    [
      [agreeing.length / n, residuals.agrees.shrunk],
      [drawable.length / n, residuals.drawable.shrunk],
    ],
  );
  const extrapolated = of("out_of_reach").reduce((sum, { predicted }) => sum + predicted, 0) / n;
  return {
    direct: estimateMean(direct),
    measured: {
      value: isMeasured ? raw : null,
      low: Math.max(0, measured.low),
      high: Math.min(1, measured.high + extrapolatedShare),
    },
    corrected: {
      value: Math.min(Math.max(mean(correctedBy(({ value }) => value)), 0), 1),
      low: Math.max(0, corrected.low - extrapolated),
      high: Math.min(1, corrected.high + extrapolatedShare - extrapolated),
    },
    usd: estimateMean(observations.map(({ usd }) => usd)),
    extrapolatedShare,
    drawnAnswers: drawable.filter(({ weight }) => weight > 0).length,
  };
}

/** The mean of values, with what sampling them leaves open. */
function estimateMean(values: readonly number[]): Estimate {
  const value = mean(values);
  const half = Z * Math.sqrt(varianceOf(values) / values.length);
  return { value, low: value - half, high: value + half };
}

interface Mean {
  readonly value: number;
  readonly variance: number;
}

function scoreIn(stratum: readonly Observation[]): { readonly plain: number; readonly shrunk: Mean } {
  const { count, first, second } = weightedMoments(stratum, ({ score }) => score);
  return {
    plain: count > 0 ? first : stratum.length === 0 ? 0 : Number.NaN,
    shrunk: shrunkMean(count, first, second),
  };
}

interface Residual {
  /** What the mean of what was predicted is corrected by: nothing without answers, little with few. */
  readonly value: number;
  /** With what is left open. */
  readonly shrunk: Mean;
}

/**
 * How far answers were from what was predicted. What is left open is as of scores: pseudo answers are half right and half
 * wrong, whatever was predicted, or a bundle that is sure of itself would narrow the interval with no answer at all.
 */
function residualIn(stratum: readonly Observation[]): Residual {
  const { count, first, second } = weightedMoments(stratum, ({ score, predicted }) => score - predicted);
  const predicted = stratum.length === 0 ? 0 : mean(stratum.map((one) => one.predicted));
  const pseudo = { first: 0.5 - predicted, second: (predicted ** 2 + (1 - predicted) ** 2) / 2 };
  return {
    value: (count * first) / (count + PSEUDO),
    shrunk: shrunkMean(count, first, second, pseudo),
  };
}

/** Mean and mean square by weight, and how many equally weighted answers they are worth (Kish 1965). */
function weightedMoments(
  stratum: readonly Observation[],
  of: (observation: Observation) => number,
): { readonly count: number; readonly first: number; readonly second: number } {
  let weights = 0;
  let squares = 0;
  let first = 0;
  let second = 0;
  for (const observation of stratum) {
    const { weight } = observation;
    const value = of(observation);
    weights += weight;
    squares += weight ** 2;
    first += weight * value;
    second += weight * value ** 2;
  }
  if (weights === 0) return { count: 0, first: 0, second: 0 };
  return { count: weights ** 2 / squares, first: first / weights, second: second / weights };
}

function shrunkMean(
  count: number,
  first: number,
  second: number,
  pseudo = { first: 0.5, second: 0.5 },
): Mean {
  const total = count + PSEUDO;
  const value = (count * first + PSEUDO * pseudo.first) / total;
  return { value, variance: ((count * second + PSEUDO * pseudo.second) / total - value ** 2) / total };
}

/** A mean of what each decision is estimated at, which varies with the decisions and by what is left open in each stratum. */
function combine(
  levels: readonly number[],
  strata: readonly (readonly [share: number, mean: Mean])[],
): Estimate {
  const value = mean(levels);
  const open = strata.reduce((sum, [share, { variance }]) => sum + share ** 2 * variance, 0);
  const half = Z * Math.sqrt(varianceOf(levels) / levels.length + open);
  return { value, low: value - half, high: value + half };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2));
}
