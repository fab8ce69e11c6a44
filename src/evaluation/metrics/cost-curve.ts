import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { chooseObserved, yieldOf } from "../../training/choose-observed.ts";
import { shuffledScore } from "./shuffled.ts";

export interface CostPoint {
  /** What one more correct answer is worth in the rule argmax p - USD / lambda. */
  readonly lambdaUsd: number;
  readonly meanUsd: number;
  readonly quality: number;
  /** Expected quality of the same choices dealt to random prompts. */
  readonly shuffled: number;
}

/** Steps of the dial, evenly spaced on a logarithmic scale. */
const STEPS = 48;

/**
 * Quality and price of a router as the worth of a correct answer goes from nothing to everything, cheapest first.
 *
 * @param decisionScore [prompts, models]
 * @param predictedUsd [prompts, models] what the router expects each call to cost; the choice is made on this
 * @param actualUsd [prompts, models] what it did cost; the bill is made of this
 */
export function traceCosts(
  decisionScore: Matrix,
  predictedUsd: Matrix,
  actualUsd: Matrix,
  outcomes: Matrix,
): CostPoint[] {
  const typical = meanOf(predictedUsd);
  const points = [0, ...logSpace(typical / 100, typical * 1e5, STEPS), Number.POSITIVE_INFINITY].map(
    (lambdaUsd) => {
      const value = matrix(decisionScore.rows, decisionScore.columns);
      for (let k = 0; k < value.data.length; k++) {
        const usd = predictedUsd.data[k];
        const score = decisionScore.data[k];
        value.data[k] = lambdaUsd === 0 ? -usd : score - usd / lambdaUsd;
      }
      const shares = chooseObserved(value, outcomes);
      return {
        lambdaUsd,
        meanUsd: mean(yieldOf(shares, actualUsd)),
        quality: mean(yieldOf(shares, outcomes)),
        shuffled: shuffledScore(shares, outcomes),
      };
    },
  );
  return points.sort((a, b) => a.meanUsd - b.meanUsd);
}

export interface SingleModelCost {
  readonly model: string;
  readonly meanUsd: number;
  readonly quality: number;
}

/** Quality at a price of the best random mixture of two single models; NaN below the cheapest. */
export function mixtureQuality(singles: readonly SingleModelCost[], usd: number): number {
  let best = Number.NaN;
  const offer = (quality: number) => {
    if (!(quality <= best)) best = quality;
  };
  for (const cheap of singles) {
    if (cheap.meanUsd > usd) continue;
    offer(cheap.quality);
    for (const dear of singles) {
      if (dear.meanUsd <= usd) continue;
      const share = (usd - cheap.meanUsd) / (dear.meanUsd - cheap.meanUsd);
      offer(cheap.quality + share * (dear.quality - cheap.quality));
    }
  }
  return best;
}

export interface CostMeasures {
  /** Mean quality of the curve between the price of the cheapest and of the dearest model. */
  readonly area: number;
  /** The same of mixtures of single models. */
  readonly mixtureArea: number;
  /** Share of the best single model's bill saved at no less than its quality; NaN where the curve never gets there. */
  readonly savingAtParity: number;
  /** The same at no more than .02 below its quality. */
  readonly savingWithin02: number;
  /** Quality at the best single model's price. */
  readonly qualityAtBestSingleUsd: number;
  /** Least of (quality - mixture quality at the same price) over the curve. */
  readonly worstAgainstMixture: number;
}

const AREA_STEPS = 200;

export function measureCosts(
  curve: readonly CostPoint[],
  singles: readonly SingleModelCost[],
  bestSingle: SingleModelCost,
): CostMeasures {
  const cheapest = Math.min(...singles.map(({ meanUsd }) => meanUsd));
  const dearest = Math.max(...singles.map(({ meanUsd }) => meanUsd));
  const levels = Array.from(
    { length: AREA_STEPS + 1 },
    (_, k) => cheapest + (k / AREA_STEPS) * (dearest - cheapest),
  );
  const saving = (quality: number) => 1 - usdOfQuality(curve, quality) / bestSingle.meanUsd;
  return {
    area: mean(levels.map((usd) => qualityAt(curve, usd))),
    mixtureArea: mean(levels.map((usd) => mixtureQuality(singles, usd))),
    savingAtParity: saving(bestSingle.quality),
    savingWithin02: saving(bestSingle.quality - 0.02),
    qualityAtBestSingleUsd: qualityAt(curve, bestSingle.meanUsd),
    worstAgainstMixture: Math.min(
      ...curve
        .map(({ meanUsd, quality }) => quality - mixtureQuality(singles, meanUsd))
        .filter((difference) => !Number.isNaN(difference)),
    ),
  };
}

/** Linear between neighboring points (two settings of the dial in turn), constant beyond both ends. */
function qualityAt(curve: readonly CostPoint[], usd: number): number {
  const next = curve.findIndex(({ meanUsd }) => meanUsd >= usd);
  if (next < 0) return curve.at(-1)?.quality ?? Number.NaN;
  const [before, after] = [curve[next - 1], curve[next] as CostPoint];
  if (before === undefined || after.meanUsd === before.meanUsd) return after.quality;
  const share = (usd - before.meanUsd) / (after.meanUsd - before.meanUsd);
  return before.quality + share * (after.quality - before.quality);
}

/** Least price at which the curve reaches the quality. */
function usdOfQuality(curve: readonly CostPoint[], quality: number): number {
  const next = curve.findIndex((point) => point.quality >= quality);
  if (next < 0) return Number.NaN;
  const [before, after] = [curve[next - 1], curve[next] as CostPoint];
  if (before === undefined) return after.meanUsd;
  const share = (quality - before.quality) / (after.quality - before.quality);
  return before.meanUsd + share * (after.meanUsd - before.meanUsd);
}

function logSpace(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, k) => from * (to / from) ** (k / (steps - 1)));
}

function meanOf({ data }: Matrix): number {
  return data.reduce((sum, value) => sum + value, 0) / data.length;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}
