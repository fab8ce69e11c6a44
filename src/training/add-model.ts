import { loadPredictor } from "../core/bundle.ts";
import { BUNDLE_METADATA_KEY, openBundle } from "../core/bundle-reader.ts";
import { featuresOf } from "../core/features.ts";
import { readFeatureMap } from "../core/landmark-predictor.ts";
import { applyHead } from "../core/linear-head.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../core/safetensors.ts";
import { type Matrix, matrix, row } from "./matrix.ts";
import { prepareRidge } from "./ridge.ts";
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
// With noise variance .2 and mixture weights of about one divided by the number of LLMs, smaller penalties overfit.
const penalties = [2, 6, 20, 60, 200, 600, 2000] as const;

/**
 * Adds one LLM to a landmark-heads bundle without touching the others: what is learned is in which mixture of the known
 * LLMs it errs. With p_m the heads and e their mean, y - e(x) = ability + sum_m c_m (p_m(x) - e(x)), by ridge with the
 * penalty of least leave-one-out error, so that a handful of outcomes gives little more than an ability, and hundreds
 * give a profile. The mixture of the known heads is the new head.
 */
export async function addModel(
  bundle: Uint8Array,
  added: NewModel,
): Promise<Result<Uint8Array, AddModelCode>> {
  const checked = check(bundle, added);
  if (!checked.ok) return checked;
  const predictions = predictRaw(bundle, added.embeddings);
  const means = rowMeans(predictions);
  return ok(extendBundle(bundle, added, await fitMixture(predictions, means, added.outcomes)));
}

function check(bundle: Uint8Array, { model, outcomes }: NewModel): Result<null, AddModelCode> {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) return fail("bundle_unusable", predictor.failure.message);
  if (predictor.value.kind !== "landmark-heads") {
    return fail(
      "bundle_kind",
      "a model can be added to a landmark-heads bundle only; train a knn bundle again",
    );
  }
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

/** [prompts, models] how each known LLM is expected to differ from their mean: what a new one is regressed on. */
export async function designFeatures(
  bundle: Uint8Array,
  embeddings: Matrix,
): Promise<Result<Matrix, AddModelCode>> {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) return fail("bundle_unusable", predictor.failure.message);
  if (predictor.value.kind !== "landmark-heads")
    return fail("bundle_kind", "only landmark-heads bundles can be extended");
  const predictions = predictRaw(bundle, embeddings);
  return ok(subtractRowMeans(predictions, rowMeans(predictions)));
}

/** [prompts, models] the bundle's heads before calibration. */
function predictRaw(bundle: Uint8Array, embeddings: Matrix): Matrix {
  const reader = openBundle(bundle);
  if (!reader.ok) throw new Error(reader.failure.message);
  const map = readFeatureMap(reader.value);
  const models = reader.value.common.models.length;
  const head = { weights: reader.value.floats("head.p_correct", ["models", "features+1"]), outputs: models };
  const predictions = matrix(embeddings.rows, models);
  for (let i = 0; i < embeddings.rows; i++) {
    predictions.data.set(applyHead(head, featuresOf(map, row(embeddings, i)).values), i * models);
  }
  return predictions;
}

/** The new LLM as a mixture of the known ones. */
interface Mixture {
  /** [models] c_m */
  readonly weights: Float64Array;
  readonly ability: number;
  /** Standard deviation of what is not known of the ability. */
  readonly doubt: number;
}

async function fitMixture(
  predictions: Matrix,
  means: Float64Array,
  outcomes: Float64Array,
): Promise<Mixture> {
  const { rows, columns } = predictions;
  const deviations = matrix(
    rows,
    columns,
    predictions.data.map((p, k) => p - (means[Math.floor(k / columns)] as number)),
  );
  const targets = matrix(
    rows,
    1,
    Float32Array.from(outcomes, (y, i) => y - (means[i] as number)),
  );
  const fit = await (await prepareRidge(deviations)).fitBest(targets, penalties);
  const measured = fit.intercepts[0] as number;
  // A mean of few outcomes says little: variance between the known LLMs against the variance of such a mean
  // (James and Stein 1961).
  const between = abilityVariance(deviations);
  const noise =
    meanSquare(targets.data.map((y, i) => y - (fit.leaveOneOut.data[i] as number))) / predictions.rows;
  const trust = between / (between + noise);
  return {
    weights: Float64Array.from(fit.weights.data),
    ability: measured * trust,
    doubt: Math.sqrt(noise * trust),
  };
}

/** Variance of the known LLMs' mean deviations. @param deviations [prompts, models] */
function abilityVariance({ rows, columns, data }: Matrix): number {
  const abilities = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) {
    abilities[k % columns] = (abilities[k % columns] as number) + (data[k] as number) / rows;
  }
  return meanSquare(abilities);
}

function meanSquare(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum / values.length;
}

function subtractRowMeans({ rows, columns, data }: Matrix, means: Float64Array): Matrix {
  return matrix(
    rows,
    columns,
    data.map((value, k) => value - (means[Math.floor(k / columns)] as number)),
  );
}

function rowMeans({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(rows);
  for (let k = 0; k < data.length; k++) {
    const i = Math.floor(k / columns);
    means[i] = (means[i] as number) + (data[k] as number) / columns;
  }
  return means;
}

/** Everything that has a row a model gets one more: the mixture of the rows there. */
function extendBundle(bundle: Uint8Array, { model, outcomes }: NewModel, mixture: Mixture) {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const document = JSON.parse(file.value.metadata[BUNDLE_METADATA_KEY] as string);
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of file.value.tensors) {
    const ofModels = name === "prior" || (name.startsWith("head.") && name !== "head.tasks");
    tensors.set(name, ofModels ? appendRow(tensor, mixture.weights, shiftOf(name, mixture)) : tensor);
  }
  const header = {
    ...document,
    models: [...document.models, model],
    added_models: { ...document.added_models, [model]: { outcomes: outcomes.length } },
  };
  return writeSafetensors({ tensors, metadata: { [BUNDLE_METADATA_KEY]: JSON.stringify(header) } });
}

/**
 * What the ability adds to a head. Decisions take its lower bound: whoever has few results must not win traffic by
 * luck, and among many candidates the luckiest would.
 */
function shiftOf(name: string, { ability, doubt }: Mixture): number {
  if (name === "head.log_output_tokens") return 0;
  return name === "head.p_correct" ? ability : ability - doubt;
}

/** @param shift added to the last column, the intercept */
function appendRow({ shape, data }: Tensor, mixture: Float64Array, shift: number): Tensor {
  const rows = shape[0] as number;
  const width = data.length / rows;
  const appended = new Float32Array(data.length + width);
  appended.set(data);
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let m = 0; m < rows; m++) mean += (data[m * width + j] as number) / rows;
    let value = mean;
    for (let m = 0; m < rows; m++) value += (mixture[m] as number) * ((data[m * width + j] as number) - mean);
    appended[data.length + j] = value + (j === width - 1 ? shift : 0);
  }
  return floatTensor([rows + 1, ...shape.slice(1)], appended);
}
