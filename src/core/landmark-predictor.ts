import type { BundleReader } from "./bundle-reader.ts";
import { learnedOf } from "./learned.ts";
import { type Curve, evaluateCurve } from "./math/curve.ts";
import { type FeatureMap, type Features, featuresOf } from "./math/features.ts";
import { applyHead, type LinearHead } from "./math/linear-head.ts";
import { logistic } from "./math/logistic.ts";
import { dequantizeRows } from "./math/quantize.ts";
import type { ChoiceRule } from "./policy.ts";
import {
  familiarityOfReadable,
  type Prediction,
  type Predictor,
  type WordsPredictor,
  type WordsView,
} from "./predictor.ts";

const NEAREST_TASKS = 3;
/**
 * Below this trust the fallback has the larger share in probabilities, and decides alone: where models are level on
 * average, a small share of what is believed of other kinds of prompts would choose among them.
 */
export const HALF_TRUST = 0.5;
/** Far beyond any price, and within what a double's exponential holds. */
const LOG_LAMBDA_USD_RANGE = [-100, 100] as const;
/** Stands in files for a margin that no choice has: JSON knows no infinity, and scores lie within a few units. */
export const NEVER_SAFE = 1e3;

/** What learning from grades needs of a set of heads: a prompt's features once, for several bundles. */
interface Heads {
  /** Raw probabilities, before calibration and trust. */
  readonly correctness: LinearHead;
  readonly predict: WordsPredictor["predict"];
  featuresOf(embedding: Float32Array): Features;
  predictAt(features: Features, readable?: number): ReturnType<WordsPredictor["predict"]>;
  /** [models] what it would say of an unfamiliar prompt. */
  fallbackAt(features: Features): Float64Array;
}

export interface LandmarkPredictor extends Predictor, Omit<Heads, "predict"> {}

/** Linear heads on landmark kernels and task memberships (docs/design.md says why). */
export function landmarkPredictor(reader: BundleReader): LandmarkPredictor {
  const { models, tasks, encoder } = reader.common;
  const heads = readHeads(reader, "");
  const spend = readSpend(reader);
  // For `add-model` and for learning from grades; a wrong one should not wait until then to be found.
  if (reader.has("task.features")) reader.floats("task.features", ["tasks", "features"]);
  return {
    kind: "landmark-heads",
    models,
    tasks,
    encoder,
    priors: reader.shares("prior", ["models"]),
    header: reader.header,
    hiddenTokens: new Map(
      [...(learnedOf(reader.header)?.lengths ?? [])].map(([model, { hidden }]) => [model, hidden]),
    ),
    ...heads,
    lambdaUsdOfSpend: (share) => (spend === undefined ? undefined : Math.exp(evaluateCurve(spend, share))),
    ...(reader.header["words"] === undefined ? {} : { words: readWords(reader) }),
  };
}

/** "" is the set of heads on the whole embedding, "words." the one on its lexical view. */
export type HeadSet = "" | "words.";

function readHeads(reader: BundleReader, set: HeadSet): Heads {
  const { models, tasks } = reader.common;
  const map = readFeatureMap(reader, set);
  const head = (name: string): LinearHead => ({
    weights: reader.floats(`${set}head.${name}`, ["models", `${set}features+1`]),
    outputs: models.length,
  });
  const correctness = head("p_correct");
  const decision = head("decision");
  const unfamiliar = {
    weights: reader.floats(`${set}head.unfamiliar`, ["models", `${set}landmarks+1`]),
    outputs: models.length,
  };
  const familiarityOf = readFamiliarity(reader, set);
  const power = readPower(reader, set);
  const lengths = reader.has(`${set}head.log_output_tokens`) ? head("log_output_tokens") : undefined;
  const calibration = reader.curve(
    `${set}calibration.x`,
    `${set}calibration.y`,
    `${set}calibration_points`,
    0,
    1,
  );
  const fallbackAt = ({ kernels }: Features) => applyHead(unfamiliar, kernels).map(logistic);
  const predictAt: Heads["predictAt"] = (features, readable = 1) => {
    const asRead = familiarityOf(features);
    const trust = familiarityOfReadable(asRead ** power, readable);
    const fallback = fallbackAt(features);
    // q = fallback + trust (own - fallback): unlike prompts are judged by what holds for prompts of any kind.
    const trusted = (own: Float64Array) =>
      fallback.map((value, m) => value + trust * ((own[m] as number) - value));
    const onAverage = trust < HALF_TRUST;
    return {
      pCorrect: trusted(applyHead(correctness, features.values).map((p) => evaluateCurve(calibration, p))),
      decisionScore: onAverage ? fallback : trusted(applyHead(decision, features.values)),
      outputTokens:
        lengths === undefined
          ? new Float64Array(models.length).fill(Number.NaN)
          : applyHead(lengths, features.values).map(Math.exp),
      familiarity: familiarityOfReadable(asRead, readable),
      onAverage,
      nearestTasks: nearestTasksOf(features, tasks),
      memberships: features.memberships,
    };
  };
  return {
    correctness,
    featuresOf: (embedding) => featuresOf(map, embedding),
    fallbackAt,
    predictAt,
    predict: (embedding, readable) => predictAt(featuresOf(map, embedding), readable),
  };
}

/**
 * The task mixture of the decision, which is half of it (training/landmark-heads/decision.ts): of a head that is the mean of
 * `p_correct` and the mixture, what is left in the columns of the memberships.
 */
function readTaskTable(reader: BundleReader): Float32Array {
  const models = reader.common.models.length;
  const tasks = reader.common.tasks.length;
  const [decision, correctness] = ["decision", "p_correct"].map((name) =>
    reader.floats(`words.head.${name}`, ["models", "words.features+1"]),
  ) as [Float32Array, Float32Array];
  const width = decision.length / models;
  const table = new Float32Array(tasks * models);
  for (let m = 0; m < models; m++) {
    const last = (m + 1) * width - 1;
    // Who is little known is held back by the intercept.
    const caution = 2 * (decision[last] as number) - (correctness[last] as number);
    for (let d = 0; d < tasks; d++) {
      const k = last - tasks + d;
      table[d * models + m] = 2 * (decision[k] as number) - (correctness[k] as number) + caution;
    }
  }
  return table;
}

function readWords(reader: BundleReader): WordsPredictor {
  const { dimension } = reader.common.encoder;
  const view = wordsViewOf(reader);
  const quality = reader.number("words.safe.quality", -NEVER_SAFE, NEVER_SAFE);
  const curves = {
    tolerance: readMargins(reader, "tolerance"),
    min_p_correct: readMargins(reader, "min_p_correct"),
    lambda_usd: readMargins(reader, "log_lambda_usd"),
  };
  if (view.offset + view.dimension > dimension || view.dimension % 4 !== 0)
    throw reader.fault("bundle_header", "words.offset and words.dimension are no part of an embedding");
  return {
    view,
    predict: readHeads(reader, "words.").predict,
    taskTable: readTaskTable(reader),
    assuranceNeeded(rule) {
      const at = numberOf(rule);
      const margin = at === undefined ? quality : marginAt(curves[rule.kind as keyof typeof curves], at);
      return margin >= NEVER_SAFE ? Number.POSITIVE_INFINITY : margin;
    },
  };
}

/** What a rule's margin depends on; undefined for the rule without a number. */
export function numberOf(rule: ChoiceRule): number | undefined {
  switch (rule.kind) {
    case "quality":
      return undefined;
    case "tolerance":
      return rule.tolerance;
    case "min_p_correct":
      return rule.minPCorrect;
    case "lambda_usd":
      return Math.log(rule.lambdaUsd);
  }
}

/** Below the first point nothing was learned, and prices that weigh more make every margin less sure. */
function marginAt(curve: Curve | undefined, at: number): number {
  if (curve === undefined || !(at >= (curve.x[0] as number))) return NEVER_SAFE;
  return evaluateCurve(curve, at);
}

function readMargins(reader: BundleReader, name: string): Curve | undefined {
  if (!reader.hasField(`words.safe.${name}`)) return undefined;
  const x = reader.numbers(`words.safe.${name}.at`);
  const y = reader.numbers(`words.safe.${name}.margin`);
  const valid =
    x.length > 0 && x.length === y.length && x.every((value, k) => k === 0 || value >= (x[k - 1] as number));
  if (!valid)
    throw reader.fault("bundle_header", `words.safe.${name} is no curve: as many margins as rising values`);
  return { x, y };
}

/** Where the lexical view stands in an embedding, in a bundle that has a set of heads for it. */
function wordsViewOf(reader: BundleReader): WordsView {
  return {
    offset: reader.number("words.offset", 0, 65536),
    dimension: reader.number("words.dimension", 4, 65536),
  };
}

/** How much a prompt is like the training prompts, by the nearest landmark and by the task that it looks most like. */
function readFamiliarity(reader: BundleReader, set: HeadSet): (features: Features) => number {
  const intercept = reader.number(`${set}trust.intercept`, -1000, 1000);
  const nearest = reader.number(`${set}trust.nearest`, 0, 1000);
  const taskScore = reader.number(`${set}trust.task_score`, 0, 1000);
  return ({ nearestLandmark, taskScores }) =>
    logistic(intercept + nearest * nearestLandmark + taskScore * Math.max(...taskScores));
}

/** trust = familiarity ^ power; 1 in bundles that were made before there was one. */
function readPower(reader: BundleReader, set: HeadSet): number {
  return reader.hasField(`${set}trust.power`) ? reader.number(`${set}trust.power`, 1, 1000) : 1;
}

export function readFeatureMap(reader: BundleReader, set: HeadSet = ""): FeatureMap {
  const rows = reader.quantized(`${set}landmarks`, [`${set}landmarks`, `${set}dimension`]);
  const dimension = set === "" ? reader.common.encoder.dimension : wordsViewOf(reader).dimension;
  if (rows.columns !== dimension)
    throw reader.fault(
      "bundle_tensor",
      `tensor ${set}landmarks has rows of ${rows.columns} numbers, not ${dimension}`,
    );
  return {
    landmarks: dequantizeRows(rows),
    dimension,
    gamma: reader.number(`${set}kernel.gamma`, 0.01, 1000),
    taskHead: {
      weights: reader.floats(`${set}head.tasks`, ["tasks", `${set}landmarks+1`]),
      outputs: reader.common.tasks.length,
    },
  };
}

/** The dial `spend` -> log of lambda in USD; absent from bundles that were trained without prices. */
function readSpend(reader: BundleReader): Curve | undefined {
  if (!reader.has("spend.log_lambda_usd")) return undefined;
  return reader.curve("spend.share", "spend.log_lambda_usd", "spend_points", ...LOG_LAMBDA_USD_RANGE);
}

function nearestTasksOf({ memberships }: Features, tasks: readonly string[]): Prediction["nearestTasks"] {
  return Array.from(memberships, (similarity, k) => ({ task: tasks[k] as string, similarity }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, NEAREST_TASKS);
}
