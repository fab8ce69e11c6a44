import { type Matrix, matrix, takeColumns, takeRows } from "../numerics/matrix.ts";

/** Outcomes joined with embeddings: what every fit and every evaluation works on. Numbers only, no prompt text. */
export interface Dataset {
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  /** [prompts] index into `tasks`. */
  readonly taskOf: Int32Array;
  readonly ids: readonly string[];
  /** [prompts] hash of the prompt's normalized text: equal texts never stand on both sides of a split. */
  readonly textKeys: readonly string[];
  /** [prompts, dimension] unit vectors. */
  readonly embeddings: Matrix;
  /** [prompts, models] score in [0, 1]; NaN where the model has no result. */
  readonly outcomes: Matrix;
  /** [prompts, models] length of the answer in tokens; NaN where it isn't known. */
  readonly outputTokens: Matrix;
  /** [prompts] length of the prompt in tokens. */
  readonly inputTokens: Float64Array;
}

/** The prompts with these indices, in that order; models and tasks stay as they are. */
export function takePrompts(dataset: Dataset, indices: Int32Array): Dataset {
  const pick = <T>(values: readonly T[]) => Array.from(indices, (index) => values[index] as T);
  return {
    ...dataset,
    taskOf: indices.map((index) => dataset.taskOf[index]),
    ids: pick(dataset.ids),
    textKeys: pick(dataset.textKeys),
    embeddings: takeRows(dataset.embeddings, indices),
    outcomes: takeRows(dataset.outcomes, indices),
    outputTokens: takeRows(dataset.outputTokens, indices),
    inputTokens: Float64Array.from(indices, (index) => dataset.inputTokens[index]),
  };
}

/** Without the tasks that no prompt belongs to, as there are after a task is held out. */
export function dropEmptyTasks(dataset: Dataset): Dataset {
  const sizes = new Int32Array(dataset.tasks.length);
  for (const task of dataset.taskOf) sizes[task] += 1;
  const kept = dataset.tasks.map((_, task) => task).filter((task) => sizes[task] > 0);
  const places = dataset.tasks.map((_, task) => kept.indexOf(task));
  return {
    ...dataset,
    tasks: kept.map((task) => dataset.tasks[task] as string),
    taskOf: dataset.taskOf.map((task) => places[task]),
  };
}

/** Only these models, in this order. */
export function takeModels(dataset: Dataset, models: readonly string[]): Dataset {
  const indices = models.map((model) => dataset.models.indexOf(model));
  return {
    ...dataset,
    models,
    outcomes: takeColumns(dataset.outcomes, indices),
    outputTokens: takeColumns(dataset.outputTokens, indices),
  };
}

/** [prompts] index into `families` of each prompt's family. */
export interface Families {
  readonly families: readonly string[];
  readonly familyOf: Int32Array;
}

/**
 * Tasks that are held out together: a name up to its last "@" is the family, so that levels of one task
 * (`sorting@easy`, `sorting@hard`) never help each other.
 */
export function familiesOf({ tasks, taskOf }: Pick<Dataset, "tasks" | "taskOf">): Families {
  const familyNames = tasks.map((task) => (task.includes("@") ? task.slice(0, task.lastIndexOf("@")) : task));
  const families = [...new Set(familyNames)];
  const familyOfTask = familyNames.map((name) => families.indexOf(name));
  return { families, familyOf: taskOf.map((task) => familyOfTask[task]) };
}

/** [models] mean outcome over the prompts where there is one; NaN for a model without any. */
export function meanOutcomes({ outcomes }: Pick<Dataset, "outcomes">): Float64Array {
  const sums = new Float64Array(outcomes.columns);
  const counts = new Float64Array(outcomes.columns);
  for (let k = 0; k < outcomes.data.length; k++) {
    const value = outcomes.data[k];
    if (Number.isNaN(value)) continue;
    const m = k % outcomes.columns;
    sums[m] += value;
    counts[m] += 1;
  }
  return sums.map((sum, m) => sum / counts[m]);
}

/** [models] mean outcome; a model without any gets the mean of the others. */
export function priorOutcomes(dataset: Pick<Dataset, "outcomes">): Float64Array {
  const means = meanOutcomes(dataset);
  const known = means.filter((mean) => !Number.isNaN(mean));
  const overall = known.length === 0 ? 0.5 : known.reduce((sum, mean) => sum + mean, 0) / known.length;
  return means.map((mean) => (Number.isNaN(mean) ? overall : mean));
}

/** [tasks, models] mean outcomes within each task; NaN where a model has none. */
export function meanOutcomesByTask({ outcomes, taskOf, tasks }: Dataset): Matrix {
  const means = matrix(tasks.length, outcomes.columns);
  const counts = new Float64Array(means.data.length);
  for (let k = 0; k < outcomes.data.length; k++) {
    const value = outcomes.data[k];
    if (Number.isNaN(value)) continue;
    const cell = taskOf[Math.floor(k / outcomes.columns)] * outcomes.columns + (k % outcomes.columns);
    means.data[cell] += value;
    counts[cell] += 1;
  }
  for (let cell = 0; cell < counts.length; cell++) {
    means.data[cell] /= counts[cell];
  }
  return means;
}
