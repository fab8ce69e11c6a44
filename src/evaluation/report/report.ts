import type { ExperimentReports } from "../experiments/experiments.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import type { ReliabilityBin } from "../metrics/calibration.ts";
import type { CallCurve, CallMeasures } from "../metrics/call-curve.ts";
import type { CostMeasures, CostPoint, SingleModelCost } from "../metrics/cost-curve.ts";

/** How one router did. Names are those of the JSON document; NaN (not measurable) is written as null. */
export interface RouterReport {
  /** Mean over prompts of the chosen model's score. */
  readonly score: number;
  /** Mean over tasks. */
  readonly score_macro: number;
  readonly score_by_task: Readonly<Record<string, number>>;
  /** Score above the best single model, which is chosen on the training prompts. */
  readonly gain: number;
  /** Paired bootstrap over prompts; leave-one-task-out: over families of tasks. */
  readonly gain_ci95: Interval;
  readonly gain_macro: number;
  /** Gain as a share of what the best model per task gains. */
  readonly headroom: number;
  /** Expected score of the same choices dealt to random prompts. */
  readonly shuffled: number;
  readonly brier?: number;
  readonly ece?: number;
  /** Pooled over models and prompts. */
  readonly auc?: number;
  /** Mean over models of the AUC within each. */
  readonly auc_within_models?: number;
  readonly accuracy?: number;
  readonly reliability?: readonly ReliabilityBin[];
  readonly mean_usd?: number;
  readonly cost?: CostMeasures & { readonly curve: readonly CostPoint[] };
  /** Two models only. */
  readonly calls?: CallReport;
}

export type CallReport = CallMeasures & {
  readonly curve: CallCurve;
  /** By the part of the task's name before "/", where there are several. */
  readonly by_benchmark?: Readonly<Record<string, CallMeasures>>;
};

export interface AnchorScores {
  /** Expected score of a random choice. */
  readonly random: number;
  readonly best_single: number;
  readonly best_per_task: number;
  /** A right answer wherever any model has one. */
  readonly oracle: number;
}

export interface EvaluationReport extends ExperimentReports {
  readonly protocol: "cv" | "loto" | "split";
  readonly suite: string;
  readonly seed: number;
  /** How many were judged. */
  readonly prompts: number;
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  /** Training prompts left out for having the text of a test prompt, over all splits. */
  readonly dropped_duplicates: number;
  /** Models left out for having results on too few prompts. */
  readonly sparse_models: readonly string[];
  /** Prompts left out for lacking the result of some model. */
  readonly incomplete_prompts: number;
  readonly routers: Readonly<Record<string, RouterReport>>;
  readonly anchors: AnchorScores;
  readonly anchors_macro: AnchorScores;
  readonly anchors_by_task: Readonly<Record<keyof AnchorScores, Readonly<Record<string, number>>>>;
  readonly single_models?: readonly SingleModelCost[];
  /** The same suite with each task new to the routers. */
  readonly loto?: EvaluationReport;
}
