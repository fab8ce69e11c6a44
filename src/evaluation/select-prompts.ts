import { fail, ok, type Result } from "../core/result.ts";
import { type Dataset, takeModels, takePrompts } from "../training/dataset.ts";

export interface Selection {
  /** Only these models; all where it is absent. */
  readonly models?: readonly string[];
  /** Share of the prompts that a model needs results for. */
  readonly minCoverage: number;
  /** Largest share of the prompts that may be left out for lacking some model's result. */
  readonly maxIncomplete: number;
}

export type SelectionCode = "unknown_model" | "too_few_models" | "too_few_prompts" | "bad_score";

export interface Selected {
  readonly dataset: Dataset;
  /** [prompts] index in the full dataset of each prompt that stays. */
  readonly kept: Int32Array;
  /** Models that are left out for having too few results. */
  readonly sparseModels: readonly string[];
  /** Prompts that are left out for lacking some model's result. */
  readonly incomplete: number;
}

// Fewer prompts than this cannot fill five folds with anything to learn from.
const MIN_PROMPTS = 10;

/**
 * The part of a dataset that routers can be compared on: models with enough results, prompts with a result of at
 * least one of them. A comparison over models that ran on different prompts compares the prompts.
 */
export function selectPrompts(
  dataset: Dataset,
  { models, minCoverage, maxIncomplete }: Selection,
): Result<Selected, SelectionCode> {
  const unknown = models?.find((model) => !dataset.models.includes(model));
  if (unknown !== undefined) {
    return fail(
      "unknown_model",
      `no outcome names the model "${unknown}"; known are ${dataset.models.join(", ")}`,
      "models",
    );
  }
  const broken = dataset.outcomes.data.findIndex((score) => score < 0 || score > 1);
  if (broken >= 0) {
    const id = dataset.ids[Math.floor(broken / dataset.outcomes.columns)];
    return fail(
      "bad_score",
      `prompt ${id}: the score ${dataset.outcomes.data[broken]} does not lie from 0 to 1`,
    );
  }
  const asked = models ?? dataset.models;
  const coverage = coverageOf(dataset);
  const dense = asked.filter((model) => coverage[dataset.models.indexOf(model)] >= minCoverage);
  if (dense.length < 2) {
    return fail(
      "too_few_models",
      `routing is a choice between at least two models, and ${dense.length} of ${asked.length} have results on ` +
        `${Math.round(100 * minCoverage)} % of the prompts; lower --min-coverage or add outcomes`,
    );
  }
  const narrowed = takeModels(dataset, dense);
  const known = countResults(narrowed);
  const some = Int32Array.from(known.keys()).filter((i) => known[i] > 0);
  const complete = some.filter((i) => known[i] === dense.length);
  // A few prompts less make every choice judgeable; many less would be another benchmark.
  const kept = some.length - complete.length <= maxIncomplete * some.length ? complete : some;
  if (kept.length < MIN_PROMPTS) {
    return fail(
      "too_few_prompts",
      `${kept.length} prompts are too few to learn from and to judge on; add outcomes`,
    );
  }
  return ok({
    kept,
    dataset: kept.length === narrowed.ids.length ? narrowed : takePrompts(narrowed, kept),
    sparseModels: asked.filter((model) => !dense.includes(model)),
    incomplete: some.length - kept.length,
  });
}

/** [prompts] how many models have a result. */
function countResults({ outcomes }: Dataset): Int32Array {
  const counts = new Int32Array(outcomes.rows);
  for (let k = 0; k < outcomes.data.length; k++) {
    if (Number.isNaN(outcomes.data[k])) continue;
    const i = Math.floor(k / outcomes.columns);
    counts[i] += 1;
  }
  return counts;
}

/** [models] share of the prompts with a result. */
function coverageOf({ outcomes }: Dataset): Float64Array {
  const counts = new Float64Array(outcomes.columns);
  for (let k = 0; k < outcomes.data.length; k++) {
    if (!Number.isNaN(outcomes.data[k])) counts[k % outcomes.columns] += 1;
  }
  return counts.map((count) => count / Math.max(outcomes.rows, 1));
}
