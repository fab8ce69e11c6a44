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

/** What a report comes to, in sentences that need no other figure beside them. */
export interface Verdict {
  /** The router that the sentences are about: the one that is served where it was compared. */
  readonly router: string;
  readonly quality: "gain" | "no_gain_shown" | "loss";
  /** About how many more such prompts would tell whether there is a gain; absent where it is told, or hopeless. */
  readonly prompts_to_settle?: number;
  /** Share of the best single model's bill that is saved at no less than its quality; absent without prices. */
  readonly saving_at_parity?: number;
  /** The router with the best score, where it is another one by more than chance would have it. */
  readonly better_kind?: string;
  readonly sentences: readonly string[];
}

export interface EvaluationReport extends ExperimentReports {
  /** What it all comes to; undefined where no router was compared. */
  readonly verdict: Verdict | undefined;
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
  /** Models without a price, where prices were looked up and some are missing. */
  readonly unpriced_models?: readonly string[];
  readonly routers: Readonly<Record<string, RouterReport>>;
  readonly anchors: AnchorScores;
  readonly anchors_macro: AnchorScores;
  readonly anchors_by_task: Readonly<Record<keyof AnchorScores, Readonly<Record<string, number>>>>;
  readonly single_models?: readonly SingleModelCost[];
  /** The same suite with each task new to the routers. */
  readonly loto?: EvaluationReport;
}
