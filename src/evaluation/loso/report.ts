import type { SharedModels } from "../../training/suite-ties.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import type { ReliabilityBin } from "../metrics/calibration.ts";
import type { WordsFirstScores } from "../words/measure-words-first.ts";

/** How a router did on a suite that it never saw. Names are those of the JSON document. */
export interface SuiteReport {
  readonly suite: string;
  readonly prompts: number;
  /** Models that ran the suite and others too: the candidates. */
  readonly models: readonly string[];
  /** Mean score of the chosen models. */
  readonly routed: number;
  /** Of always taking the model that the router holds for the best on average, among those whose result is known. */
  readonly best_on_average: number;
  /** Of the model that is best on this suite, which nobody knows beforehand. */
  readonly best_single: number;
  /** routed - best_on_average, with a paired bootstrap over prompts. */
  readonly gain: number;
  readonly gain_ci95: Interval;
  /** Mean squared error of the probabilities, and of the suite's own mean, which nobody knows beforehand. */
  readonly brier: number;
  readonly brier_constant: number;
  readonly ece: number;
  /** Mean over models of the area under the ROC curve within each. */
  readonly auc_within_models: number;
  readonly reliability: readonly ReliabilityBin[];
  readonly mean_familiarity: number;
  /** Correlation of 1 - familiarity and squared error over the results. */
  readonly unfamiliarity_and_error: number;
  /** Decisions by words alone where that is safe, rule quality; absent where the encoder has one view. */
  readonly words_first?: WordsFirstScores;
}

export interface LosoReport {
  readonly protocol: "loso";
  readonly seed: number;
  readonly suites: readonly SuiteReport[];
  /** The same routers, choosing among these models only; of the suites that two of them ran. */
  readonly among?: { readonly models: readonly string[]; readonly suites: readonly SuiteReport[] };
  readonly shared_models: SharedModels;
}
