import type { Catalogue } from "../core/catalogue.ts";
import { expectedUsd } from "../core/cost.ts";
import type { HeadSet } from "../core/landmark-predictor.ts";
import type { Curve } from "../core/math/curve.ts";
import type { LinearHead } from "../core/math/linear-head.ts";
import type { Predictor, WordsView } from "../core/predictor.ts";
import type { Tensor } from "../core/safetensors.ts";
import { matrix, takeColumns, takeRows } from "../numerics/matrix.ts";
import { type Dataset, dropEmptyTasks, meanOutcomes } from "./dataset.ts";
import { evidenceOfKnown } from "./evidence/known-evidence.ts";
import { taskFeatures } from "./evidence/task-features.ts";
import { learnVariances } from "./evidence/variances.ts";
import type { FittedDecision } from "./landmark-heads/decision.ts";
import { type FittedView, fitView, leftOutPredictions } from "./landmark-heads/fit-view.ts";
import type { FittedLengths } from "./landmark-heads/lengths.ts";
import { scoreLeaveOneOut } from "./leave-one-out-scores.ts";
import { fitSpendCurve } from "./spend.ts";
import { looseTies, sharedModels } from "./suite-ties.ts";
import { takeLexicalView } from "./words/lexical-view.ts";
import { fitSafety, SCORE_GIVEN_UP } from "./words/safety.ts";
import { floatTensor, halfTensor, quantizedTensors, writeBundle } from "./write-bundle.ts";

export interface LandmarkHeadsOptions {
  readonly landmarks: number;
  readonly gamma: number;
  readonly seed: number;
  /**
   * With prices the dial `spend` is calibrated. Models that the catalogue lacks are learned from, since they tell how
   * hard prompts are, but are not in the bundle.
   */
  readonly catalogue?: Catalogue;
  /** Where the lexical view stands in the embeddings; with it, the bundle gets a second set of heads. */
  readonly words?: WordsView;
}

export const defaultLandmarkOptions: LandmarkHeadsOptions = { landmarks: 512, gamma: 3, seed: 0 };

/** Fits the default router and returns its bundle. Equal data, options and processor give equal bytes. */
export async function fitLandmarkHeads(
  dataset: Dataset,
  encoder: Predictor["encoder"],
  options: LandmarkHeadsOptions = defaultLandmarkOptions,
): Promise<Uint8Array> {
  // A task without prompts would stand in the task table with what is known of the models elsewhere.
  const train = dropEmptyTasks(dataset);
  const { tasks } = train;
  const kept = modelsToServe(train, options.catalogue);
  const models = kept.map((m) => train.models[m] as string);
  const both = await fitView(train, options);
  const { heads, decision, unfamiliar, lengths, calibration } = both;
  const { priors } = heads;
  const taskMeans = await taskFeatures(train.embeddings, train.taskOf, heads);
  const variances = learnVariances(takeOutputs(heads.correctness, kept), taskMeans);
  const evidence = evidenceOfKnown(train, heads.split.deviations, priors);
  const spend = options.catalogue && calibrateSpend(train, decision, lengths, priors, options.catalogue);
  const tensors = new Map<string, Tensor>([
    ...headTensors("", both, kept),
    [
      "prior",
      floatTensor(
        [models.length],
        // An additive estimate may leave [0, 1] where a model is never right, or saw only what is hard.
        kept.map((m) => Math.min(1, Math.max(0, priors[m]))),
      ),
    ],
    ...curveTensors("calibration.x", "calibration.y", calibration),
    ...quantizedTensors("landmarks", heads.kernels.landmarks),
    ["task.features", floatTensor([taskMeans.rows, taskMeans.columns], taskMeans.data)],
    ...lengthTensors("", both, kept),
    ...(spend === undefined ? [] : curveTensors("spend.share", "spend.log_lambda_usd", spend)),
  ]);
  const words = options.words && (await fitWords(train, kept, both, spend, options, options.words));
  for (const [name, tensor] of words?.tensors ?? []) tensors.set(name, tensor);
  return writeBundle(
    {
      kind: "landmark-heads",
      encoder,
      models,
      tasks,
      kernel: { gamma: options.gamma },
      trust: trustOf(both),
      unfamiliar: unfamiliar.weights,
      ...(words === undefined ? {} : { words: words.header }),
      task_prompts: countPrompts(train),
      new_llm: {
        mixture_variance: variances.mixture,
        task_variance: variances.byTask,
        ability_variance: variances.ability,
      },
      evidence: Object.fromEntries(kept.map((m) => [train.models[m], evidence[m]])),
      leave_one_out: scoreLeaveOneOut(train, decision.leaveOneOut, heads.leaveOneOut, calibration, priors),
      training: {
        prompts: train.ids.length,
        landmarks: heads.kernels.centers.rows,
        seed: options.seed,
        penalties: { ...heads.penalties, unfamiliar: unfamiliar.penalties },
        groups_left_out: both.groupsLeftOut,
        suites_tied_by_fewer_than_two: looseTies(sharedModels(train)).join("; ") || "none",
      },
    },
    tensors,
  );
}

/** The lexical set of heads, and what is safe to be decided by it. */
async function fitWords(
  train: Dataset,
  kept: readonly number[],
  both: FittedView,
  spend: Curve | undefined,
  { landmarks, gamma, seed, catalogue }: LandmarkHeadsOptions,
  view: WordsView,
): Promise<{ readonly header: unknown; readonly tensors: readonly (readonly [string, Tensor])[] }> {
  const words = await fitView(takeLexicalView(train, view), { landmarks, gamma, seed });
  const safe = fitSafety({
    train,
    candidates: kept,
    words: leftOutPredictions(words),
    taskTable: words.heads.taskTable,
    both: leftOutPredictions(both),
    catalogue,
    spend,
  });
  return {
    header: {
      offset: view.offset,
      dimension: view.dimension,
      kernel: { gamma },
      trust: trustOf(words),
      unfamiliar: words.unfamiliar.weights,
      score_given_up: SCORE_GIVEN_UP,
      safe,
    },
    tensors: [
      ...headTensors("words.", words, kept),
      ...curveTensors("words.calibration.x", "words.calibration.y", words.calibration),
      ...quantizedTensors("words.landmarks", words.heads.kernels.landmarks),
      ...lengthTensors("words.", words, kept),
    ],
  };
}

function trustOf({ familiarity, power }: FittedView) {
  return { ...familiarity.weights, power };
}

/** The heads of one set that every bundle has, for the models that go into it. */
function headTensors(
  set: HeadSet,
  { heads, decision, unfamiliar }: FittedView,
  kept: readonly number[],
): readonly (readonly [string, Tensor])[] {
  return [
    [`${set}head.tasks`, headTensor(set, heads.taskHead)],
    [`${set}head.p_correct`, headTensor(set, takeOutputs(heads.correctness, kept))],
    [`${set}head.decision`, headTensor(set, takeOutputs(decision.head, kept))],
    [`${set}head.unfamiliar`, headTensor(set, takeOutputs(unfamiliar.head, kept))],
  ];
}

function lengthTensors(
  set: HeadSet,
  { lengths }: FittedView,
  kept: readonly number[],
): readonly (readonly [string, Tensor])[] {
  return lengths === undefined
    ? []
    : [[`${set}head.log_output_tokens`, headTensor(set, takeOutputs(lengths.head, kept))]];
}

/** [tasks] */
function countPrompts({ tasks, taskOf }: Dataset): readonly number[] {
  const counts = new Array<number>(tasks.length).fill(0);
  for (const task of taskOf) counts[task]++;
  return counts;
}

function curveTensors(xName: string, yName: string, { x, y }: Curve): readonly (readonly [string, Tensor])[] {
  return [
    [xName, floatTensor([x.length], x)],
    [yName, floatTensor([y.length], y)],
  ];
}

// In half precision scores by words are off by .0002, far less than any margin that is safe, and take half the bytes.
function headTensor(set: HeadSet, { weights, outputs }: LinearHead): Tensor {
  const shape = [outputs, weights.length / outputs];
  return set === "words." ? halfTensor(shape, weights) : floatTensor(shape, weights);
}

function takeOutputs({ weights, outputs }: LinearHead, kept: readonly number[]): LinearHead {
  const width = weights.length / outputs;
  const taken = takeRows(matrix(outputs, width, Float32Array.from(weights)), kept);
  return { weights: taken.data, outputs: kept.length };
}

/** Indices of the models that go into the bundle: those of the catalogue that have outcomes. */
function modelsToServe({ models, outcomes }: Dataset, catalogue: Catalogue | undefined): readonly number[] {
  const means = meanOutcomes({ outcomes });
  return models
    .map((_, m) => m)
    .filter((m) => !Number.isNaN(means[m]))
    .filter((m) => catalogue === undefined || Object.hasOwn(catalogue.models, models[m] as string));
}

/** The dial over the training prompts, as far as the catalogue knows the models' prices. */
function calibrateSpend(
  train: Dataset,
  decision: FittedDecision,
  lengths: FittedLengths | undefined,
  priors: Float64Array,
  catalogue: Catalogue,
): Curve | undefined {
  const priced = modelsToServe(train, catalogue);
  if (priced.length < 2) return undefined;
  const usd = matrix(train.ids.length, priced.length);
  priced.forEach((m, column) => {
    const model = catalogue.models[train.models[m] as string] as Catalogue["models"][string];
    for (let i = 0; i < usd.rows; i++) {
      usd.data[i * priced.length + column] = expectedUsd(model, {
        inputTokens: train.inputTokens[i],
        cachedInputTokens: 0,
        outputTokens: lengths?.leaveOneOut.data[i * train.models.length + m] ?? Number.NaN,
      });
    }
  });
  const quality = priced.map((m) => priors[m]);
  const bestSingle = quality.indexOf(Math.max(...quality));
  return fitSpendCurve({ decisionScores: takeColumns(decision.leaveOneOut, priced), usd, bestSingle });
}
