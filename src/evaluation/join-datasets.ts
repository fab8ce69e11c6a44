import { type Matrix, matrix, row } from "../numerics/matrix.ts";
import type { Dataset } from "../training/dataset.ts";

/** One dataset with the prompts of all, in order; models and tasks are united, and missing results are NaN. */
export function joinDatasets(datasets: readonly Dataset[]): Dataset {
  const [first] = datasets;
  if (first === undefined) throw new RangeError("no dataset to join");
  if (datasets.length === 1) return first;
  const models = [...new Set(datasets.flatMap((dataset) => dataset.models))];
  const tasks = [...new Set(datasets.flatMap((dataset) => dataset.tasks))];
  const concat = <T>(pick: (dataset: Dataset) => ArrayLike<T>) =>
    datasets.flatMap((dataset) => Array.from(pick(dataset)));
  return {
    models,
    tasks,
    taskOf: Int32Array.from(
      datasets.flatMap(({ tasks: own, taskOf }) =>
        Array.from(taskOf, (d) => tasks.indexOf(own[d] as string)),
      ),
    ),
    ids: concat(({ ids }) => ids),
    textKeys: concat(({ textKeys }) => textKeys),
    embeddings: stack(datasets.map(({ embeddings }) => embeddings)),
    outcomes: stack(datasets.map((dataset) => widen(dataset.outcomes, dataset.models, models))),
    outputTokens: stack(datasets.map((dataset) => widen(dataset.outputTokens, dataset.models, models))),
    inputTokens: Float64Array.from(concat(({ inputTokens }) => inputTokens)),
  };
}

/** The columns of `all`, NaN where the source has none. */
function widen(source: Matrix, own: readonly string[], all: readonly string[]): Matrix {
  const columns = all.map((model) => own.indexOf(model));
  const wide = matrix(source.rows, all.length);
  for (let i = 0; i < source.rows; i++) {
    for (let m = 0; m < columns.length; m++) {
      const from = columns[m];
      wide.data[i * columns.length + m] = from < 0 ? Number.NaN : source.data[i * source.columns + from];
    }
  }
  return wide;
}

/** The matrices one below the other. */
function stack(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]?.columns ?? 0;
  const stacked = matrix(
    parts.reduce((sum, { rows }) => sum + rows, 0),
    columns,
  );
  let offset = 0;
  for (const part of parts) {
    for (let i = 0; i < part.rows; i++, offset += columns) stacked.data.set(row(part, i), offset);
  }
  return stacked;
}
