/** One quantity over one day. */
export interface DayMean {
  readonly count: number;
  readonly mean: number;
  /** Mean of the squares. */
  readonly square: number;
}

/** What is watched: how familiar prompts are, what a decision is expected to cost, how answers are graded. */
export type Metric = "familiarity" | "cost" | "score";

export interface Drift {
  readonly metric: Metric;
  /** Mean of the last day. */
  readonly value: number;
  /** The band in which it was to be expected. */
  readonly low: number;
  readonly high: number;
  /** Days that the band is of. */
  readonly days: number;
}

/** Fewer decisions or grades say nothing about a day. */
const FEWEST_A_DAY = 20;
/** Two weeks, so that every day of the week is in the band. */
const FEWEST_DAYS = 14;
/** In standard errors. A day like the others leaves it once in 600 days with 14 days known, once in 2,500 with 30 (Student's t). */
const BAND_WIDTH = 4;
/** What is smaller is no news to anybody, however surely it is measured. */
const LEAST_CHANGE: Readonly<Record<Metric, (mean: number) => number>> = {
  familiarity: () => 0.02,
  score: () => 0.02,
  cost: (mean) => mean / 10,
};

/**
 * Whether the last day is unlike the days before; undefined where it isn't, or where too little is known. Days differ by
 * themselves and by chance: the first is what is left of the spread of their means once the second is taken off.
 */
export function driftOf(
  metric: Metric,
  lastDay: DayMean | undefined,
  before: readonly DayMean[],
): Drift | undefined {
  const days = before.filter(({ count }) => count >= FEWEST_A_DAY);
  if (lastDay === undefined || lastDay.count < FEWEST_A_DAY || days.length < FEWEST_DAYS) return undefined;
  const center = mean(days.map((day) => day.mean));
  const spread = days.reduce((sum, day) => sum + (day.mean - center) ** 2, 0) / (days.length - 1);
  const chance = mean(days.map(chanceOf));
  const own = Math.max(0, spread - chance);
  const error = Math.sqrt(own + chanceOf(lastDay) + (own + chance) / days.length);
  const half = Math.max(BAND_WIDTH * error, LEAST_CHANGE[metric](center));
  const band = { low: center - half, high: center + half };
  if (lastDay.mean >= band.low && lastDay.mean <= band.high) return undefined;
  return { metric, value: lastDay.mean, ...band, days: days.length };
}

/** Squared standard error of the mean of a day. */
function chanceOf({ count, mean: value, square }: DayMean): number {
  return Math.max(0, square - value ** 2) / count;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
