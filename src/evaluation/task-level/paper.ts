import { seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import { takeModels } from "../../training/dataset.ts";
import { type Interval, prepareBootstrap } from "../metrics/bootstrap.ts";
import { preparePaper, type TaskOutcome } from "./paper-choices.ts";
import { type PaperRule, type PaperVariant, paperRules } from "./paper-options.ts";
import { prepareTasks, type TaskData } from "./task-data.ts";

export interface PaperRuleReport {
  /** Mean over tasks. */
  readonly score: number;
  /** Above the variant's best model on average. */
  readonly gain: number;
  /** Paired bootstrap over tasks. */
  readonly gain_ci95: Interval;
}

export interface PaperVariantReport {
  readonly rules: Readonly<Record<PaperRule, PaperRuleReport>>;
  /** Mean over tasks and models of the share of right verdicts on the unseen task. */
  readonly verdict_accuracy: number;
  /** Mean absolute error of its estimate. */
  readonly verdict_accuracy_error: number;
}

export interface AlphaStep {
  readonly alpha: number;
  /** Mean number of labeled prompts moved into training. */
  readonly labels: number;
  readonly scores: Readonly<Record<PaperRule, number>>;
}

export interface PaperReport {
  readonly tasks: number;
  readonly variants: Readonly<Record<PaperVariant, PaperVariantReport>>;
  readonly distances: Readonly<Record<string, number>>;
  /** Clean variant, scored on the prompts that were not moved. */
  readonly alpha_sweep: readonly AlphaStep[];
  /** The same with small models only; absent where fewer than two are known to be small. */
  readonly small_pool?: {
    readonly models: readonly string[];
    /** The best model on average of the whole pool, which the small ones are to match. */
    readonly large_bma: number;
    readonly alpha_sweep: readonly AlphaStep[];
  };
}

/** alpha = 0, .02, ... .28 as in the paper. */
const ALPHAS = Array.from({ length: 15 }, (_, k) => Number((0.02 * k).toFixed(2)));
const SMALL_POOL_BILLIONS = 13;

/** The paper's first experiment on one suite: one model for each task that the router has not seen. */
export async function evaluatePaper(
  dataset: Dataset,
  groupOf: Int32Array,
  seed: number,
): Promise<PaperReport> {
  const data = await prepareTasks(dataset, groupOf, seed);
  const clean = runTasks(data, "clean", 0, seed);
  const small = dataset.models.filter((model) => billionParameters(model) <= SMALL_POOL_BILLIONS);
  return {
    tasks: data.tasks.length,
    variants: {
      clean: summarizeVariant(clean, seed),
      as_published: summarizeVariant(runTasks(data, "as_published", 0, seed), seed),
    },
    distances: Object.fromEntries(clean.map(({ task, distance }) => [task.name, distance])),
    alpha_sweep: sweepAlpha(data, seed),
    ...(small.length < 2
      ? {}
      : {
          small_pool: {
            models: small,
            large_bma: mean(clean.map(({ scores }) => scores.bma)),
            alpha_sweep: sweepAlpha({ ...data, dataset: takeModels(dataset, small) }, seed),
          },
        }),
  };
}

function runTasks(data: TaskData, variant: PaperVariant, alpha: number, seed: number): TaskOutcome[] {
  const random = seededRandom(seed);
  const measure = preparePaper(data, variant, alpha);
  return data.tasks.map((task) => measure(task, random));
}

function sweepAlpha(data: TaskData, seed: number): AlphaStep[] {
  return ALPHAS.map((alpha) => {
    const outcomes = runTasks(data, "clean", alpha, seed);
    return { alpha, labels: mean(outcomes.map(({ labels }) => labels)), scores: meanScores(outcomes) };
  });
}

function summarizeVariant(outcomes: readonly TaskOutcome[], seed: number): PaperVariantReport {
  const resampler = prepareBootstrap(
    Int32Array.from(outcomes, ({ task }) => task.group),
    seed,
  );
  const summarize = (rule: PaperRule): PaperRuleReport => {
    const gains = Float64Array.from(outcomes, ({ scores }) => scores[rule] - scores.bma);
    return { score: meanScores(outcomes)[rule], gain: mean(gains), gain_ci95: resampler.interval95(gains) };
  };
  const pairs = outcomes.flatMap(({ trueAccuracy, estimatedAccuracy }) =>
    Array.from(trueAccuracy, (truth, m) => ({
      truth,
      error: Math.abs(estimatedAccuracy[m] - truth),
    })),
  );
  const known = pairs.filter(({ error }) => !Number.isNaN(error));
  return {
    rules: Object.fromEntries(paperRules.map((rule) => [rule, summarize(rule)])) as Record<
      PaperRule,
      PaperRuleReport
    >,
    verdict_accuracy: mean(known.map(({ truth }) => truth)),
    verdict_accuracy_error: mean(known.map(({ error }) => error)),
  };
}

function meanScores(outcomes: readonly TaskOutcome[]): Record<PaperRule, number> {
  return Object.fromEntries(
    paperRules.map((rule) => [rule, mean(outcomes.map(({ scores }) => scores[rule]))]),
  ) as Record<PaperRule, number>;
}

/** Billions of parameters by the name of the model ("-8x7b" counts as 56); infinite where it doesn't say. */
export function billionParameters(model: string): number {
  const [, experts = "1", size] = /(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z])/iu.exec(model) ?? [];
  return size === undefined ? Number.POSITIVE_INFINITY : Number(experts) * Number(size);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}
