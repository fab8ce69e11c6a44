import type { Matrix } from "../numerics/matrix.ts";
import { chooseObserved, yieldOf } from "../training/choose-observed.ts";
import type { Dataset } from "../training/dataset.ts";
import type { CrossPredictions } from "./cross-predict.ts";
import { measureRouterCalls } from "./measure-calls.ts";
import { meanModelAuc, pooledAuc } from "./metrics/auc.ts";
import { prepareBootstrap, type Resampler } from "./metrics/bootstrap.ts";
import { macroMean, meanByTask } from "./metrics/by-task.ts";
import { measureCalibration } from "./metrics/calibration.ts";
import { measureCosts, type SingleModelCost, traceCosts } from "./metrics/cost-curve.ts";
import { shuffledScore } from "./metrics/shuffled.ts";
import { type PriceList, priceCalls } from "./prices.ts";
import type { AnchorScores, EvaluationReport, RouterReport } from "./report/report.ts";
import type { RouterPredictions } from "./router.ts";
import { bestPerTaskScores, randomScores } from "./routers/anchors.ts";

export interface MeasureOptions {
  /** [prompts] what the bootstrap draws: the prompt itself, or its family of tasks. */
  readonly groupOf: Int32Array;
  readonly seed: number;
  /** Prices of all models, for quality-cost curves. */
  readonly prices?: PriceList;
}

type Measured = Pick<
  EvaluationReport,
  "routers" | "anchors" | "anchors_macro" | "anchors_by_task" | "single_models"
>;

/** Every figure of every router on the same prompts. */
export function measureRouters(predictions: CrossPredictions, options: MeasureOptions): Measured {
  const { dataset } = predictions;
  const anchors = measureAnchors(predictions);
  const context: Context = {
    dataset,
    anchors,
    resampler: prepareBootstrap(options.groupOf, options.seed),
    ...(options.prices === undefined ? {} : { costs: prepareCosts(predictions, options.prices) }),
  };
  return {
    routers: Object.fromEntries(
      Array.from(predictions.routers, ([name, router]) => [name, measureRouter(router, context)]),
    ),
    anchors: mapAnchors(anchors, mean),
    anchors_macro: mapAnchors(anchors, (scores) => macroMean(meanByTask(scores, dataset))),
    anchors_by_task: mapAnchors(anchors, (scores) => byTaskName(scores, dataset)),
    ...(context.costs === undefined ? {} : { single_models: context.costs.singles }),
  };
}

type PromptScores = Readonly<Record<keyof AnchorScores, Float64Array>>;

interface Context {
  readonly dataset: Dataset;
  readonly anchors: PromptScores;
  readonly resampler: Resampler;
  readonly costs?: Costs;
}

interface Costs {
  readonly actualUsd: Matrix;
  readonly predictUsd: (outputTokens: Matrix | undefined) => Matrix;
  readonly singles: readonly SingleModelCost[];
  readonly bestSingle: SingleModelCost;
}

/** Where knowing every task's best model gains less, shares of it say nothing. */
const LEAST_HEADROOM = 0.002;

function measureRouter(
  router: RouterPredictions,
  { dataset, anchors, resampler, costs }: Context,
): RouterReport {
  const { decisionScore, pCorrect } = router;
  const shares = chooseObserved(decisionScore, dataset.outcomes);
  const scores = yieldOf(shares, dataset.outcomes);
  const gains = scores.map((score, i) => score - anchors.best_single[i]);
  const headroom = mean(anchors.best_per_task) - mean(anchors.best_single);
  return {
    score: mean(scores),
    score_macro: macroMean(meanByTask(scores, dataset)),
    gain: mean(gains),
    gain_ci95: resampler.interval95(gains),
    gain_macro: macroMean(meanByTask(gains, dataset)),
    headroom: headroom < LEAST_HEADROOM ? Number.NaN : mean(gains) / headroom,
    shuffled: shuffledScore(shares, dataset.outcomes),
    ...(pCorrect === undefined ? {} : measureProbabilities(pCorrect, dataset.outcomes)),
    ...(costs === undefined ? {} : measureRouterCosts(router, shares, dataset, costs)),
    ...(dataset.models.length === 2 ? { calls: measureRouterCalls(decisionScore, dataset) } : {}),
    score_by_task: byTaskName(scores, dataset),
  };
}

function measureProbabilities(pCorrect: Matrix, outcomes: Matrix) {
  return {
    ...measureCalibration(pCorrect, outcomes),
    auc: pooledAuc(pCorrect, outcomes),
    auc_within_models: meanModelAuc(pCorrect, outcomes),
  };
}

function measureRouterCosts(
  { decisionScore, outputTokens }: RouterPredictions,
  shares: Matrix,
  dataset: Dataset,
  costs: Costs,
) {
  const { actualUsd, predictUsd, singles, bestSingle } = costs;
  const curve = traceCosts(decisionScore, predictUsd(outputTokens), actualUsd, dataset.outcomes);
  return {
    mean_usd: mean(yieldOf(shares, actualUsd)),
    cost: { ...measureCosts(curve, singles, bestSingle), curve },
  };
}

function prepareCosts(predictions: CrossPredictions, prices: PriceList): Costs {
  const { dataset, bestSingle } = predictions;
  const actualUsd = priceCalls(predictions, dataset.outputTokens, prices);
  const costOf = (model: string, shares: Matrix): SingleModelCost => ({
    model,
    meanUsd: mean(yieldOf(shares, actualUsd)),
    quality: mean(yieldOf(shares, dataset.outcomes)),
  });
  return {
    actualUsd,
    predictUsd: (outputTokens) =>
      priceCalls(predictions, outputTokens ?? predictions.typicalOutputTokens, prices),
    singles: dataset.models.map((model, m) =>
      costOf(model, chooseObserved(onlyModel(dataset, m), dataset.outcomes)),
    ),
    bestSingle: costOf("best_single", chooseObserved(bestSingle, dataset.outcomes)),
  };
}

function onlyModel({ outcomes }: Dataset, chosen: number): Matrix {
  return { ...outcomes, data: outcomes.data.map((_, k) => Number(k % outcomes.columns === chosen)) };
}

function measureAnchors({ dataset, bestSingle }: CrossPredictions): PromptScores {
  const scoresOf = (decisionScore: Matrix) =>
    yieldOf(chooseObserved(decisionScore, dataset.outcomes), dataset.outcomes);
  return {
    random: scoresOf(randomScores(dataset)),
    best_single: scoresOf(bestSingle),
    best_per_task: scoresOf(bestPerTaskScores(dataset)),
    oracle: scoresOf(dataset.outcomes),
  };
}

function mapAnchors<T>(
  anchors: PromptScores,
  summarize: (scores: Float64Array) => T,
): Record<keyof AnchorScores, T> {
  return {
    random: summarize(anchors.random),
    best_single: summarize(anchors.best_single),
    best_per_task: summarize(anchors.best_per_task),
    oracle: summarize(anchors.oracle),
  };
}

function byTaskName(scores: Float64Array, dataset: Dataset): Record<string, number> {
  const means = meanByTask(scores, dataset);
  return Object.fromEntries(
    dataset.tasks.flatMap((task, d) => (Number.isNaN(means[d]) ? [] : [[task, means[d]]])),
  );
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
