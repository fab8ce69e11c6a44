import type { BundleReader } from "./bundle-reader.ts";
import { type Curve, evaluateCurve } from "./math/curve.ts";
import { type FeatureMap, type Features, featuresOf } from "./math/features.ts";
import { applyHead, type LinearHead } from "./math/linear-head.ts";
import { logistic } from "./math/logistic.ts";
import { dequantizeRows } from "./math/quantize.ts";
import { familiarityOfReadable, type Prediction, type Predictor } from "./predictor.ts";

const NEAREST_TASKS = 3;
/**
 * Below this trust the fallback has the larger share in probabilities, and decides alone: where models are level on
 * average, a small share of what is believed of other kinds of prompts would choose among them.
 */
const HALF_TRUST = 0.5;
/** Far beyond any price, and within what a double's exponential holds. */
const LOG_LAMBDA_USD_RANGE = [-100, 100] as const;

/** Linear heads on landmark kernels and task memberships (docs/design.md says why). */
export function landmarkPredictor(reader: BundleReader): Predictor {
  const { models, tasks, encoder } = reader.common;
  const map = readFeatureMap(reader);
  const head = (name: string): LinearHead => ({
    weights: reader.floats(`head.${name}`, ["models", "features+1"]),
    outputs: models.length,
  });
  const correctness = head("p_correct");
  const decision = head("decision");
  const unfamiliar = {
    weights: reader.floats("head.unfamiliar", ["models", "landmarks+1"]),
    outputs: models.length,
  };
  const familiarityOf = readFamiliarity(reader);
  const power = readPower(reader);
  const lengths = reader.has("head.log_output_tokens") ? head("log_output_tokens") : undefined;
  const calibration = reader.curve("calibration.x", "calibration.y", "calibration_points", 0, 1);
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
    predict(embedding, readable = 1): Prediction {
      const features = featuresOf(map, embedding);
      const asRead = familiarityOf(features);
      const trust = familiarityOfReadable(asRead ** power, readable);
      const fallback = applyHead(unfamiliar, features.kernels).map(logistic);
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
      };
    },
    lambdaUsdOfSpend: (share) => (spend === undefined ? undefined : Math.exp(evaluateCurve(spend, share))),
  };
}

/** How much a prompt is like the training prompts, by the nearest landmark and by the task that it looks most like. */
function readFamiliarity(reader: BundleReader): (features: Features) => number {
  const intercept = reader.number("trust.intercept", -1000, 1000);
  const nearest = reader.number("trust.nearest", 0, 1000);
  const taskScore = reader.number("trust.task_score", 0, 1000);
  return ({ nearestLandmark, taskScores }) =>
    logistic(intercept + nearest * nearestLandmark + taskScore * Math.max(...taskScores));
}

/** trust = familiarity ^ power; 1 in bundles that were made before there was one. */
function readPower(reader: BundleReader): number {
  const { power } = reader.header["trust"] as { readonly power?: unknown };
  return power === undefined ? 1 : reader.number("trust.power", 1, 1000);
}

export function readFeatureMap(reader: BundleReader): FeatureMap {
  return {
    landmarks: dequantizeRows(reader.quantized("landmarks", ["landmarks", "dimension"])),
    dimension: reader.common.encoder.dimension,
    gamma: reader.number("kernel.gamma", 0.01, 1000),
    taskHead: {
      weights: reader.floats("head.tasks", ["tasks", "landmarks+1"]),
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
