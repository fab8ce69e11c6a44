import { besides, matrix, normalizeRows } from "../../src/numerics/matrix.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import type { Dataset } from "../../src/training/dataset.ts";

export const syntheticEncoder = { id: "synthetic", checksum: "0".repeat(64), dimension: 16 };

interface SyntheticOptions {
  readonly prompts?: number;
  readonly tasks?: number;
  readonly models?: number;
  readonly seed?: number;
}

/**
 * Prompts in clusters, one a task, and models that are each good at other tasks: model m answers prompts of task d
 * correctly with probability .8 where m = d (mod models), .4 elsewhere.
 */
export function syntheticDataset({
  prompts = 240,
  tasks = 4,
  models = 3,
  seed = 1,
}: SyntheticOptions = {}): Dataset {
  const random = seededRandom(seed);
  const { dimension } = syntheticEncoder;
  const centers = Array.from({ length: tasks }, () =>
    Array.from({ length: dimension }, () => random() - 0.5),
  );
  const embeddings = matrix(prompts, dimension);
  const outcomes = matrix(prompts, models);
  const taskOf = Int32Array.from({ length: prompts }, (_, i) => i % tasks);
  for (let i = 0; i < prompts; i++) {
    const task = taskOf[i];
    for (let j = 0; j < dimension; j++) {
      embeddings.data[i * dimension + j] = centers[task]?.[j] + (random() - 0.5) * 0.3;
    }
    for (let m = 0; m < models; m++) {
      outcomes.data[i * models + m] = Number(random() < (task % models === m ? 0.8 : 0.4));
    }
  }
  return {
    models: Array.from({ length: models }, (_, m) => `model-${m}`),
    tasks: Array.from({ length: tasks }, (_, d) => `task-${d}`),
    taskOf,
    ids: Array.from({ length: prompts }, (_, i) => String(i)),
    textKeys: Array.from({ length: prompts }, (_, i) => `key-${i}`),
    embeddings: normalizeRows(embeddings),
    outcomes,
    outputTokens: matrix(prompts, models, new Float32Array(prompts * models).fill(Number.NaN)),
    inputTokens: new Float64Array(prompts).fill(100),
  };
}

/** The embeddings as the first of two views, and as the second the same with noise, by which fewer prompts can be told. */
export function withLexicalView(dataset: Dataset, noise: number, seed = 7): Dataset {
  const random = seededRandom(seed);
  const { rows, columns, data } = dataset.embeddings;
  const lexical = normalizeRows(
    matrix(
      rows,
      columns,
      data.map((value) => value + noise * (random() - 0.5)),
    ),
  );
  return { ...dataset, embeddings: normalizeRows(besides(dataset.embeddings, lexical)) };
}
