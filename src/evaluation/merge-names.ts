import { fail, ok, type Result } from "../core/result.ts";
import { type Matrix, matrix } from "../numerics/matrix.ts";
import type { DatasetCode, DatasetOptions } from "../training/build-dataset.ts";
import { type Dataset, takeModels } from "../training/dataset.ts";

/** The dataset with one column a model: what several names of it got on one prompt is averaged. */
export function mergeNames(dataset: Dataset, idOf: (name: string) => string): Dataset {
  const models = [...new Set(dataset.models.map(idOf))].sort();
  const column = Int32Array.from(dataset.models, (name) => models.indexOf(idOf(name)));
  return {
    ...dataset,
    models,
    outcomes: averageColumns(dataset.outcomes, column, models.length),
    outputTokens: averageColumns(dataset.outputTokens, column, models.length),
  };
}

/** Prompts that each model has a result on. */
export function countResults({ models, outcomes }: Dataset): ReadonlyMap<string, number> {
  const counts = new Int32Array(models.length);
  outcomes.data.forEach((value, k) => {
    if (!Number.isNaN(value)) counts[k % models.length]++;
  });
  return new Map(models.map((model, m) => [model, counts[m]]));
}

/** Without models that have too few results, or are not among those that are asked for. */
export function keepModels(
  dataset: Dataset,
  { names, minOutcomes, models: only }: DatasetOptions,
): Result<Dataset, DatasetCode> {
  const counts = countResults(dataset);
  const enough = (model: string) => (counts.get(model) ?? 0) >= Math.max(minOutcomes, 1);
  const wanted = only?.map((name) => names.get(name) ?? name) ?? dataset.models.filter(enough);
  const unknown = wanted.find((model) => !counts.has(model));
  if (unknown !== undefined) return fail("unknown_model", `no outcome is of model "${unknown}"`, "models");
  if (wanted.length === 0) return fail("no_models", `no model has ${minOutcomes} outcomes`);
  return ok(takeModels(dataset, wanted.toSorted()));
}

function averageColumns({ rows, data }: Matrix, column: Int32Array, columns: number): Matrix {
  const sums = matrix(rows, columns);
  const counts = new Uint8Array(sums.data.length);
  data.forEach((value, k) => {
    if (Number.isNaN(value)) return;
    const cell = Math.floor(k / column.length) * columns + column[k % column.length];
    sums.data[cell] += value;
    counts[cell]++;
  });
  counts.forEach((count, cell) => {
    sums.data[cell] = count === 0 ? Number.NaN : sums.data[cell] / count;
  });
  return sums;
}
