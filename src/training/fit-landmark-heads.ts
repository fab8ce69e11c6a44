import type { Catalogue } from "../core/catalogue.ts";
import { expectedUsd } from "../core/cost.ts";
import type { Curve } from "../core/math/curve.ts";
import type { LinearHead } from "../core/math/linear-head.ts";
import type { Predictor } from "../core/predictor.ts";
import type { Tensor } from "../core/safetensors.ts";
import { type Matrix, matrix, row, takeColumns, takeRows } from "../numerics/matrix.ts";
import { type Dataset, dropEmptyTasks, meanOutcomes } from "./dataset.ts";
import { evidenceOfKnown } from "./evidence/known-evidence.ts";
import { taskFeatures } from "./evidence/task-features.ts";
import { learnVariances } from "./evidence/variances.ts";
import { type FittedDecision, fitDecision } from "./landmark-heads/decision.ts";
import { fitFamiliarity } from "./landmark-heads/familiarity.ts";
import { fitHeads } from "./landmark-heads/fit-heads.ts";
import { groupsToLeaveOut } from "./landmark-heads/groups.ts";
import { leaveGroupsOut } from "./landmark-heads/leave-group-out.ts";
import { type FittedLengths, fitLengths } from "./landmark-heads/lengths.ts";
import { fitTrust } from "./landmark-heads/trust.ts";
import { fitUnfamiliar, unfamiliarPenalties } from "./landmark-heads/unfamiliar.ts";
import { scoreLeaveOneOut } from "./leave-one-out-scores.ts";
import { fitSpendCurve } from "./spend.ts";
import { looseTies, sharedModels } from "./suite-ties.ts";
import { floatTensor, quantizedTensors, writeBundle } from "./write-bundle.ts";

export interface LandmarkHeadsOptions {
  readonly landmarks: number;
  readonly gamma: number;
  readonly seed: number;
  /**
   * With prices the dial `spend` is calibrated. Models that the catalogue lacks are learned from, since they tell how
   * hard prompts are, but are not in the bundle.
   */
  readonly catalogue?: Catalogue;
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
  const heads = await fitHeads(train, options);
  const { priors } = heads;
  const decision = await fitDecision(heads);
  const groups = groupsToLeaveOut(train, options.seed);
  const leftOut = await leaveGroupsOut(train, heads.whitened, groups, {
    ease: unfamiliarPenalties,
    deviations: unfamiliarPenalties,
    tasks: heads.penalties.tasks,
  });
  const unfamiliar = await fitUnfamiliar(train, heads, leftOut);
  const familiarity = await fitFamiliarity(
    train.embeddings,
    heads.kernels,
    largestInRows(heads.leaveOneOutTaskScores),
    leftOut,
  );
  const lengths = await fitLengths(heads, train.outputTokens);
  const { power, calibration } = fitTrust(
    { own: heads.leaveOneOut, fallback: unfamiliar.fitted, familiarity: familiarity.leaveOneOut },
    train.outcomes,
    groups.areSuites,
  );
  const correctness = takeOutputs(heads.correctness, kept);
  const taskMeans = await taskFeatures(train.embeddings, train.taskOf, heads);
  const variances = learnVariances(correctness, taskMeans);
  const evidence = evidenceOfKnown(train, heads.split.deviations, priors);
  const spend = options.catalogue && calibrateSpend(train, decision, lengths, priors, options.catalogue);
  const tensors = new Map<string, Tensor>([
    ["head.tasks", headTensor(heads.taskHead)],
    ["head.p_correct", headTensor(correctness)],
    ["head.decision", headTensor(takeOutputs(decision.head, kept))],
    ["head.unfamiliar", headTensor(takeOutputs(unfamiliar.head, kept))],
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
  ]);
  if (lengths !== undefined) {
    tensors.set("head.log_output_tokens", headTensor(takeOutputs(lengths.head, kept)));
  }
  if (spend !== undefined) {
    for (const [name, tensor] of curveTensors("spend.share", "spend.log_lambda_usd", spend))
      tensors.set(name, tensor);
  }
  return writeBundle(
    {
      kind: "landmark-heads",
      encoder,
      models,
      tasks,
      kernel: { gamma: options.gamma },
      trust: { ...familiarity.weights, power },
      unfamiliar: unfamiliar.weights,
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
        groups_left_out: leftOut.length,
        suites_tied_by_fewer_than_two: looseTies(sharedModels(train)).join("; ") || "none",
      },
    },
    tensors,
  );
}

/** [tasks] */
function countPrompts({ tasks, taskOf }: Dataset): readonly number[] {
  const counts = new Array<number>(tasks.length).fill(0);
  for (const task of taskOf) counts[task]++;
  return counts;
}

function largestInRows(source: Matrix): Float64Array {
  return Float64Array.from({ length: source.rows }, (_, i) => Math.max(...row(source, i)));
}

function curveTensors(xName: string, yName: string, { x, y }: Curve): readonly (readonly [string, Tensor])[] {
  return [
    [xName, floatTensor([x.length], x)],
    [yName, floatTensor([y.length], y)],
  ];
}

function headTensor({ weights, outputs }: LinearHead): Tensor {
  return floatTensor([outputs, weights.length / outputs], weights);
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
