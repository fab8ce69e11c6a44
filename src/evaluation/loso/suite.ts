import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import { type Dataset, takePrompts } from "../../training/dataset.ts";

/** Outcomes of one benchmark suite. */
export interface Suite {
  readonly name: string;
  /** Tasks are called `suite/task`. */
  readonly dataset: Dataset;
}

/**
 * A dataset as a suite that can be joined with others: tasks carry its name, and models are called as everywhere else.
 * Several names of one model are averaged.
 * @param names every name of a model -> the name it has; names that aren't in it stay as they are
 */
export function toSuite(name: string, dataset: Dataset, names: ReadonlyMap<string, string>): Suite {
  const ids = dataset.models.map((model) => names.get(model) ?? model);
  const models = [...new Set(ids)];
  const placeOf = ids.map((id) => models.indexOf(id));
  return {
    name,
    dataset: {
      ...dataset,
      models,
      tasks: dataset.tasks.map((task) => `${name}/${task}`),
      outcomes: mergeColumns(dataset.outcomes, placeOf, models.length),
      outputTokens: mergeColumns(dataset.outputTokens, placeOf, models.length),
    },
  };
}

/** The dataset, or of a larger one so many of its prompts. */
export function samplePrompts(dataset: Dataset, most = Number.POSITIVE_INFINITY, seed = 0): Dataset {
  const { length } = dataset.ids;
  if (length <= most) return dataset;
  return takePrompts(dataset, permutation(length, seededRandom(seed)).subarray(0, most).toSorted());
}

/** Means of the columns that have the same place; NaN where none of them has a value. */
function mergeColumns({ rows, columns, data }: Matrix, placeOf: readonly number[], places: number): Matrix {
  const sums = matrix(rows, places);
  const counts = new Uint8Array(rows * places);
  for (let k = 0; k < data.length; k++) {
    if (Number.isNaN(data[k])) continue;
    const cell = Math.floor(k / columns) * places + placeOf[k % columns];
    sums.data[cell] += data[k];
    counts[cell]++;
  }
  for (let cell = 0; cell < counts.length; cell++) sums.data[cell] /= counts[cell];
  return sums;
}
