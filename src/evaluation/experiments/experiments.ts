import type { CrossPredictions, CrossPredictOptions } from "../cross-predict.ts";
import type { PriceList } from "../prices.ts";
import type { Split } from "../protocols/split.ts";
import type { Router } from "../router.ts";
import { routers } from "../routers/registry.ts";
import { evaluateFewLabels, type FewLabelsReport } from "../task-level/few-labels.ts";
import { evaluatePaper, type PaperReport } from "../task-level/paper.ts";
import { evaluateHiddenBlocks, type HiddenBlocksReport } from "./hidden-blocks.ts";
import type { Experiment } from "./names.ts";
import { evaluateNewModel, type NewModelReport } from "./new-model.ts";
import { evaluateRobustness, type RobustnessReport, type Texts } from "./robustness.ts";
import { evaluateWordsFirst, type WordsFirstReport } from "./words-first.ts";

export interface ExperimentReports {
  /** One model for each unseen task, by the paper's rules (loto). */
  readonly paper?: PaperReport;
  /** A new task with a few labeled prompts (loto). */
  readonly few_labels?: FewLabelsReport;
  /** Results of models on tasks that they never ran (cv). */
  readonly hidden_blocks?: HiddenBlocksReport;
  /** One LLM added to a fitted bundle from a few outcomes (cv, first fold). */
  readonly new_model?: readonly NewModelReport[];
  /** Decisions by words alone where that is safe (cv, where the encoder has both views). */
  readonly words_first?: WordsFirstReport;
  /** Prompts with a changed surface (cv, where the texts are known). */
  readonly robustness?: RobustnessReport;
}

export interface ExperimentInput {
  readonly protocol: "cv" | "loto" | "split";
  readonly wanted: readonly Experiment[];
  readonly predictions: CrossPredictions;
  readonly splits: readonly Split[];
  /** [prompts] group of families, for loto. */
  readonly groupOf: Int32Array;
  readonly fitting: CrossPredictOptions;
  readonly texts?: Texts;
  /** Of all models, where they are known. */
  readonly prices?: PriceList;
}

export async function runExperiments(input: ExperimentInput): Promise<ExperimentReports> {
  const { protocol, wanted, predictions, splits, groupOf, fitting, texts, prices } = input;
  const { seed } = fitting;
  const { dataset } = predictions;
  const wants = (experiment: Experiment) => wanted.includes(experiment);
  if (protocol === "loto") {
    return {
      ...(wants("paper") ? { paper: await evaluatePaper(dataset, groupOf, seed) } : {}),
      ...(wants("few-labels") ? { few_labels: evaluateFewLabels(predictions, groupOf, seed) } : {}),
    };
  }
  const served = routers["landmark-heads"];
  const compared: readonly Router[] = [served, routers.ridge, routers["knn-50"]];
  const wordsFirst =
    wants("words-first") && protocol === "cv"
      ? await evaluateWordsFirst(dataset, splits, seed, prices)
      : undefined;
  const canHide = protocol === "cv" && dataset.tasks.length > 1;
  return {
    ...(wants("hidden-blocks") && canHide
      ? { hidden_blocks: await evaluateHiddenBlocks(dataset, splits, compared, fitting) }
      : {}),
    ...(wants("new-model") && protocol === "cv" && dataset.models.length > 2
      ? { new_model: await evaluateNewModel(dataset, splits[0] as Split, seed) }
      : {}),
    ...(wordsFirst === undefined ? {} : { words_first: wordsFirst }),
    ...(wants("robustness") && protocol === "cv" && texts !== undefined
      ? { robustness: await evaluateRobustness(dataset, splits[0] as Split, served, texts, seed) }
      : {}),
  };
}
