import type { LinearHead } from "../../core/math/linear-head.ts";
import { logistic, logit } from "../../core/math/logistic.ts";
import { multiply } from "../../numerics/blas.ts";
import { fitLogistic, type WeightedSamples } from "../../numerics/logistic.ts";
import { besides, type Matrix, matrix, row } from "../../numerics/matrix.ts";
import { solveRidge } from "../../numerics/ridge-solver.ts";
import { bestObserved } from "../choose-observed.ts";
import type { Dataset } from "../dataset.ts";
import { type FittedHeads, toHead } from "./fit-heads.ts";
import type { LeftOutGroup } from "./leave-group-out.ts";

/** Tried for ease and deviations: weaker ones fit the known tasks and mislead elsewhere, stronger ones say nothing. */
export const unfamiliarPenalties = [1, 3, 10, 30] as const;

/** log-odds = intercept + ability logit(prior_m) + ease (ease(x) - mean ease) + deviation deviation(x, m) */
export interface UnfamiliarWeights {
  readonly intercept: number;
  readonly ability: number;
  readonly ease: number;
  readonly deviation: number;
}

/** What is believed of prompts that are unlike the training prompts. */
export interface FittedUnfamiliar {
  /** Kernels -> log-odds of a correct answer. */
  readonly head: LinearHead;
  /** [prompts, models] what it says of the training prompts, as probabilities. */
  readonly fitted: Matrix;
  readonly weights: UnfamiliarWeights;
  readonly penalties: { readonly ease: number; readonly deviations: number };
}

// With fewer groups left out there is nothing to learn from. What stands then: shares add up, for the logistic curve rises
// by a quarter at its middle, and deviations count for nothing.
const FEWEST_GROUPS = 3;
const untaught: Choice = {
  weights: { intercept: 0, ability: 1, ease: 4, deviation: 0 },
  easeAt: 1,
  deviationsAt: 1,
};
// Below this, a loss on a left-out group is noise.
const MAY_LOSE = 0.002;
// Standard errors, over groups, that their mean gain must be above 0: one group that gains says nothing of the next.
const CREDIBLE = 1.645;
// Enough to tell four numbers; every group counts the same.
const MOST_CELLS = 8000;

/**
 * Learns from left-out groups how far ability, ease and deviations hold for prompts of other kinds. They deserve
 * different shrinkage: ability holds nearly in full, ease for the most part, deviations little. They count only where
 * choosing by them beats always taking the best on average, on group after group, and loses noticeably on none.
 */
export async function fitUnfamiliar(
  train: Dataset,
  heads: Pick<FittedHeads, "kernels" | "whitened" | "priors" | "split">,
  leftOut: readonly LeftOutGroup[],
): Promise<FittedUnfamiliar> {
  const chosen = leftOut.length < FEWEST_GROUPS ? untaught : chooseWeights(train, leftOut);
  const { weights, easeAt, deviationsAt } = chosen;
  const { kernels, whitened, priors, split } = heads;
  const features = besides(whitened, matrix(whitened.rows, 1, new Float32Array(whitened.rows).fill(1)));
  const gram = Float64Array.from((await multiply(features, features, { transposeA: true })).data);
  const ease = matrix(features.rows, 1, Float32Array.from(split.ease));
  const easeFit = solveRidge(
    gram,
    await multiply(features, ease, { transposeA: true }),
    unfamiliarPenalties[easeAt],
  );
  const deviationFit = solveRidge(
    gram,
    await multiply(features, split.deviations, { transposeA: true }),
    unfamiliarPenalties[deviationsAt],
  );
  const models = priors.length;
  const landmarks = whitened.columns;
  const slopes = matrix(landmarks, models);
  for (let k = 0; k < slopes.data.length; k++) {
    slopes.data[k] =
      weights.ease * easeFit.data[Math.floor(k / models)] + weights.deviation * deviationFit.data[k];
  }
  const meanEase = split.ease.reduce((sum, value) => sum + value, 0) / split.ease.length;
  const intercepts = priors.map(
    (prior, m) =>
      weights.intercept +
      weights.ability * logit(prior) +
      weights.ease * (easeFit.data[landmarks] - meanEase) +
      weights.deviation * deviationFit.data[landmarks * models + m],
  );
  const fitted = await multiply(whitened, slopes);
  fitted.data.forEach((value, k) => {
    fitted.data[k] = logistic(value + intercepts[k % models]);
  });
  return {
    head: await toHead(kernels, slopes, intercepts),
    fitted,
    weights,
    penalties: { ease: unfamiliarPenalties[easeAt], deviations: unfamiliarPenalties[deviationsAt] },
  };
}

interface Choice {
  readonly weights: UnfamiliarWeights;
  /** Positions in `unfamiliarPenalties`. */
  readonly easeAt: number;
  readonly deviationsAt: number;
}

interface Fit {
  readonly loss: number;
  readonly coefficients: Float64Array;
  /** Position in `unfamiliarPenalties`. */
  readonly at: number;
}

function chooseWeights(train: Dataset, leftOut: readonly LeftOutGroup[]): Choice {
  const cells = leftOut.map((group) => cellsOf(train, group));
  let best: Fit = { loss: Number.POSITIVE_INFINITY, coefficients: new Float64Array(3), at: 0 };
  for (const at of unfamiliarPenalties.keys()) {
    const fit = fitLogistic(samplesOf(leftOut, cells, at), 3);
    if (fit.loss < best.loss) best = { ...fit, at };
  }
  const easeAt = best.at;
  const without: Fit = { ...best, coefficients: Float64Array.of(...best.coefficients, 0), at: 0 };
  let chosen = without;
  for (const at of unfamiliarPenalties.keys()) {
    const fit: Fit = { ...fitLogistic(samplesOf(leftOut, cells, easeAt, at), 4), at };
    if (fit.loss >= chosen.loss || fit.coefficients[3] <= 0) continue;
    if (isGain(leftOut.map((group) => gainOf(train, group, fit)))) chosen = fit;
  }
  const [intercept, ability, ease, deviation] = chosen.coefficients;
  return {
    // A negative weight would turn evidence around: what is good on average would be avoided.
    weights: { intercept, ability: Math.max(ability, 0), ease: Math.max(ease, 0), deviation },
    easeAt,
    deviationsAt: chosen.at,
  };
}

function isGain(gains: readonly number[]): boolean {
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (gains.length - 1) / gains.length);
  return mean > CREDIBLE * standardError && Math.min(...gains) >= -MAY_LOSE;
}

/** Mean gain of choosing with deviations over always taking the best on average, on the group's prompts. */
function gainOf(
  { outcomes }: Dataset,
  { prompts, priors, deviations }: LeftOutGroup,
  { coefficients, at }: Fit,
): number {
  const [, ability, , deviation] = coefficients;
  let gain = 0;
  for (const [k, i] of prompts.entries()) {
    const known = row(outcomes, i).map((y, m) => (Number.isNaN(priors[m]) ? Number.NaN : y));
    const own = row(deviations[at], k);
    const chosen = bestObserved(known, (m) => ability * logit(priors[m]) + deviation * own[m]);
    gain += chosen - bestObserved(known, (m) => priors[m]);
  }
  return gain / prompts.length;
}

interface Cell {
  /** Position in the group. */
  readonly k: number;
  readonly m: number;
  readonly y: number;
}

/** Outcomes of models that ran elsewhere too, evenly thinned where there are many. */
function cellsOf({ outcomes }: Dataset, { prompts, priors }: LeftOutGroup): readonly Cell[] {
  const cells: Cell[] = [];
  prompts.forEach((i, k) => {
    for (let m = 0; m < priors.length; m++) {
      const y = outcomes.data[i * priors.length + m];
      if (!Number.isNaN(y) && !Number.isNaN(priors[m])) cells.push({ k, m, y });
    }
  });
  const step = Math.max(1, cells.length / MOST_CELLS);
  return Array.from({ length: Math.floor(cells.length / step) }, (_, n) => cells[Math.floor(n * step)]);
}

function samplesOf(
  leftOut: readonly LeftOutGroup[],
  cells: readonly (readonly Cell[])[],
  easeAt: number,
  deviationsAt?: number,
): WeightedSamples {
  const columns = deviationsAt === undefined ? 3 : 4;
  const count = cells.reduce((sum, { length }) => sum + length, 0);
  const features = new Float64Array(count * columns);
  const targets = new Float64Array(count);
  const weights = new Float64Array(count);
  let n = 0;
  for (const [g, { priors, meanEase, ease, deviations }] of leftOut.entries()) {
    for (const { k, m, y } of cells[g]) {
      features[n * columns] = 1;
      features[n * columns + 1] = logit(priors[m]);
      features[n * columns + 2] = ease[easeAt][k] - meanEase;
      if (deviationsAt !== undefined) {
        const { data, columns: models } = deviations[deviationsAt];
        features[n * columns + 3] = data[k * models + m];
      }
      targets[n] = y;
      weights[n] = 1 / cells[g].length / leftOut.length;
      n++;
    }
  }
  return { features, targets, weights };
}
