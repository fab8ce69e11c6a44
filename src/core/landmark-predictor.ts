import type { BundleReader } from "./bundle-reader.ts";
import { type Curve, evaluateCurve } from "./math/curve.ts";
import { dotRows, type FeatureMap, type Features, featuresOf, taskMemberships } from "./math/features.ts";
import { applyHead, type LinearHead } from "./math/linear-head.ts";
import { dequantizeRows } from "./math/quantize.ts";
import { familiarityOfReadable, type Prediction, type Predictor } from "./predictor.ts";

const NEAREST_TASKS = 3;
/** Below this familiarity the fallback has the larger share, and the decision says so. */
const HALF_FAMILIAR = 0.5;
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
  const fallbackOf = readFallback(reader);
  const threshold = reader.number("trust.threshold", -10, 10);
  const width = reader.number("trust.width", 1e-6, 10);
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
      const familiarity = familiarityOfReadable(
        logistic((Math.max(...features.taskScores) - threshold) / width),
        readable,
      );
      const fallback = fallbackOf(embedding, features.values);
      // q = fallback + familiarity (own prediction - fallback): unlike prompts are judged by what holds on average.
      const trusted = (own: Float64Array) =>
        own.map((value, m) => (fallback[m] as number) + familiarity * (value - (fallback[m] as number)));
      return {
        pCorrect: trusted(applyHead(correctness, features.values)).map((p) => evaluateCurve(calibration, p)),
        decisionScore: trusted(applyHead(decision, features.values)),
        outputTokens:
          lengths === undefined
            ? new Float64Array(models.length).fill(Number.NaN)
            : applyHead(lengths, features.values).map(Math.exp),
        familiarity,
        onAverage: familiarity < HALF_FAMILIAR,
        nearestTasks: nearestTasksOf(features, tasks),
      };
    },
    lambdaUsdOfSpend: (share) => (spend === undefined ? undefined : Math.exp(evaluateCurve(spend, share))),
  };
}

/** What is believed of unfamiliar prompts; by nearness to whole tasks or by ease too, where that was found to help. */
function readFallback(
  reader: BundleReader,
): (embedding: Float32Array, features: Float64Array) => Float64Array {
  const outputs = reader.common.models.length;
  const unfamiliar = { weights: reader.floats("head.unfamiliar", ["models", "features+1"]), outputs };
  const mixture = reader.has("head.mixture") ? readMixture(reader) : undefined;
  const response = reader.has("response.head") ? readResponse(reader) : undefined;
  return (embedding, features) => {
    const byTask = mixture?.(embedding);
    const byEase = response?.(features);
    return applyHead(unfamiliar, features).map((value, m) => value + (byTask?.[m] ?? 0) + (byEase?.[m] ?? 0));
  };
}

function readMixture(reader: BundleReader): (embedding: Float32Array) => Float64Array {
  const outputs = reader.common.models.length;
  const centroids = dequantizeRows(reader.quantized("centroids", ["tasks", "dimension"]));
  const head = { weights: reader.floats("head.mixture", ["models", "tasks+1"]), outputs };
  return (embedding) => applyHead(head, taskMemberships(dotRows(centroids, embedding)));
}

/** Ease, and one curve a model over it. */
function readResponse(reader: BundleReader): (features: Float64Array) => Float64Array {
  const head = { weights: reader.floats("response.head", [1, "features+1"]), outputs: 1 };
  const x = reader.rising("response.ease", "response_points");
  const heights = reader.floats("response.deviation", ["models", "response_points"]);
  const curves = reader.common.models.map((_, m) => ({
    x,
    y: heights.subarray(m * x.length, (m + 1) * x.length),
  }));
  return (features) => {
    const ease = applyHead(head, features)[0] as number;
    return Float64Array.from(curves, (curve) => evaluateCurve(curve, ease));
  };
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

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
