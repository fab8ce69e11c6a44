import { loadPredictor } from "../core/bundle.ts";
import { BUNDLE_METADATA_KEY, openBundle } from "../core/bundle-reader.ts";
import { readFeatureMap } from "../core/landmark-predictor.ts";
import { featuresOf } from "../core/math/features.ts";
import { applyHead } from "../core/math/linear-head.ts";
import type { Predictor } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../core/safetensors.ts";
import { besides, type Matrix, matrix, row, takeColumns } from "../numerics/matrix.ts";
import { prepareRidge } from "../numerics/ridge.ts";
import { floatTensor } from "./write-bundle.ts";

/** Results of one LLM that the bundle doesn't have. */
export interface NewModel {
  readonly model: string;
  /** [prompts, dimension] unit vectors. */
  readonly embeddings: Matrix;
  /** [prompts] score in [0, 1]. */
  readonly outcomes: Float64Array;
}

export type AddModelCode = "bundle_kind" | "bundle_unusable" | "model_known" | "too_few_outcomes";

const FEWEST_OUTCOMES = 5;
// With a noise variance of .2 and mixture weights of about one divided by the number of LLMs, smaller ones overfit.
const penalties = [2, 6, 20, 60, 200, 600, 2000] as const;

/**
 * Adds one LLM to a landmark-heads bundle without touching the others. With p_m the known heads, e their mean and w the
 * task memberships, y - e(x) = ability + sum_m c_m (p_m(x) - e(x)) + sum_d b_d w_d(x), by ridge with the penalty of
 * least leave-one-out error: a handful of outcomes gives little more than an ability, a few dozen say which known LLMs
 * it resembles, hundreds where it differs from all of them. Since heads and memberships are linear in the features,
 * the sum is one more head.
 */
export async function addModel(
  bundle: Uint8Array,
  added: NewModel,
): Promise<Result<Uint8Array, AddModelCode>> {
  const checked = check(bundle, added);
  if (!checked.ok) return checked;
  const design = designOf(bundle, added.embeddings);
  return ok(extendBundle(bundle, added, await fitProfile(design, added.outcomes)));
}

function checkBundle(bundle: Uint8Array): Result<Predictor, AddModelCode> {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) return fail("bundle_unusable", predictor.failure.message);
  if (predictor.value.kind !== "landmark-heads") {
    return fail(
      "bundle_kind",
      "a model can be added to a landmark-heads bundle only; train a knn bundle again",
    );
  }
  return predictor;
}

function check(bundle: Uint8Array, { model, outcomes }: NewModel): Result<null, AddModelCode> {
  const predictor = checkBundle(bundle);
  if (!predictor.ok) return predictor;
  if (predictor.value.models.includes(model)) {
    return fail(
      "model_known",
      `the bundle already has ${model}; train again to learn more about it`,
      "model",
    );
  }
  if (outcomes.length < FEWEST_OUTCOMES) {
    return fail(
      "too_few_outcomes",
      `${model} has ${outcomes.length} outcomes; at least ${FEWEST_OUTCOMES} are needed`,
    );
  }
  return ok(null);
}

/** What a new LLM's outcomes are regressed on. */
interface Design {
  /** [prompts, models + tasks] deviations of the known heads from their mean, then scaled memberships. */
  readonly features: Matrix;
  /** [prompts] mean of the known heads. */
  readonly means: Float64Array;
  readonly models: number;
  /** Factor on the memberships that makes them as large as the deviations, so that one penalty suits both. */
  readonly scale: number;
}

/** [prompts, features] the design of prompts that may be run, for `suggestPrompts`. */
export function designFeatures(bundle: Uint8Array, embeddings: Matrix): Result<Matrix, AddModelCode> {
  const usable = checkBundle(bundle);
  return usable.ok ? ok(designOf(bundle, embeddings).features) : usable;
}

function designOf(bundle: Uint8Array, embeddings: Matrix): Design {
  const reader = openBundle(bundle);
  if (!reader.ok) throw new Error(reader.failure.message);
  const map = readFeatureMap(reader.value);
  const models = reader.value.common.models.length;
  const tasks = reader.value.common.tasks.length;
  const head = { weights: reader.value.floats("head.p_correct", ["models", "features+1"]), outputs: models };
  const deviations = matrix(embeddings.rows, models);
  const memberships = matrix(embeddings.rows, tasks);
  const means = new Float64Array(embeddings.rows);
  for (let i = 0; i < embeddings.rows; i++) {
    const features = featuresOf(map, row(embeddings, i));
    const predictions = applyHead(head, features.values);
    const mean = predictions.reduce((sum, p) => sum + p, 0) / models;
    means[i] = mean;
    deviations.data.set(
      predictions.map((p) => p - mean),
      i * models,
    );
    memberships.data.set(features.memberships, i * tasks);
  }
  const scale = Math.sqrt(meanSquare(deviations.data) / Math.max(meanSquare(memberships.data), 1e-9)) || 1;
  memberships.data.forEach((value, k) => {
    memberships.data[k] = value * scale;
  });
  return { features: besides(deviations, memberships), means, models, scale };
}

/** The new LLM relative to the mean of the known ones. */
interface Profile {
  /** [models] c_m */
  readonly mixture: Float64Array;
  /** [tasks] b_d */
  readonly byTask: Float64Array;
  readonly ability: number;
  /** Standard deviation of what is not known of the ability. */
  readonly doubt: number;
}

async function fitProfile(
  { features, means, models, scale }: Design,
  outcomes: Float64Array,
): Promise<Profile> {
  const targets = matrix(
    outcomes.length,
    1,
    Float32Array.from(outcomes, (y, i) => y - means[i]),
  );
  const fit = await (await prepareRidge(features)).fitBest(targets, penalties);
  // A mean of few outcomes says little: variance between the known LLMs against the variance of such a mean
  // (James and Stein 1961). Outcomes that all agree don't prove that the noise is small.
  const between = abilityVariance(
    takeColumns(
      features,
      Array.from({ length: models }, (_, m) => m),
    ),
  );
  const residuals = meanSquare(targets.data.map((y, i) => y - fit.leaveOneOut.data[i]));
  const binomial = means.reduce((sum, e) => sum + Math.max(e * (1 - e), 0), 0) / means.length;
  const noise = Math.max(residuals, binomial) / outcomes.length;
  const trust = between / (between + noise);
  return {
    mixture: Float64Array.from(fit.weights.data.subarray(0, models)),
    byTask: Float64Array.from(fit.weights.data.subarray(models), (weight) => weight * scale),
    ability: fit.intercepts[0] * trust,
    doubt: Math.sqrt(noise * trust),
  };
}

/** Variance of the known LLMs' mean deviations. @param deviations [prompts, models] */
function abilityVariance({ rows, columns, data }: Matrix): number {
  const abilities = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) {
    abilities[k % columns] += data[k] / rows;
  }
  return meanSquare(abilities);
}

function meanSquare(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum / values.length;
}

/** Everything that has a row a model gets one more. */
function extendBundle(bundle: Uint8Array, { model, outcomes }: NewModel, profile: Profile): Uint8Array {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const document = JSON.parse(file.value.metadata[BUNDLE_METADATA_KEY] as string);
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of file.value.tensors) {
    const ofModels =
      ["prior", "response.deviation"].includes(name) || (name.startsWith("head.") && name !== "head.tasks");
    tensors.set(name, ofModels ? appendRow(name, tensor, profile) : tensor);
  }
  const header = {
    ...document,
    models: [...document.models, model],
    added_models: { ...document.added_models, [model]: { outcomes: outcomes.length } },
  };
  return writeSafetensors({ tensors, metadata: { [BUNDLE_METADATA_KEY]: JSON.stringify(header) } });
}

function appendRow(
  name: string,
  { shape, data }: Tensor,
  { mixture, byTask, ability, doubt }: Profile,
): Tensor {
  const rows = shape[0];
  const width = data.length / rows;
  const appended = new Float32Array(data.length + width);
  appended.set(data);
  const added = appended.subarray(data.length);
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let m = 0; m < rows; m++) mean += data[m * width + j] / rows;
    added[j] = mean;
    // Answer lengths don't follow from who errs alike: the new LLM is taken to be as wordy as the others.
    if (name === "head.log_output_tokens") continue;
    for (let m = 0; m < rows; m++) {
      added[j] += mixture[m] * (data[m * width + j] - mean);
    }
  }
  if (["head.log_output_tokens", "head.mixture", "response.deviation"].includes(name)) {
    return floatTensor([rows + 1, ...shape.slice(1)], appended);
  }
  const firstTask = width - 1 - byTask.length;
  if (width > 1)
    byTask.forEach((value, d) => {
      added[firstTask + d] += value;
    });
  // Decisions take the ability's lower bound: whoever has few results must not win traffic by luck, and among many
  // candidates the luckiest would.
  added[width - 1] += name === "head.p_correct" ? ability : ability - doubt;
  return floatTensor([rows + 1, ...shape.slice(1)], appended);
}
