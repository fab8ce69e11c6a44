import { matrix, normalizeRows } from "../../src/numerics/matrix.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import type { Dataset } from "../../src/training/dataset.ts";

export interface SyntheticOptions {
  readonly prompts?: number;
  readonly models?: readonly string[];
  readonly tasks?: readonly string[];
  readonly dimension?: number;
  readonly seed?: number;
}

/**
 * Tasks are directions with noise around them; model m is good at every task d with d % models = m, and
 * the first model is fair at the others, so that it is the best on average.
 */
export function syntheticDataset({
  prompts = 120,
  models = ["a", "b", "c"],
  tasks = ["t0", "t1", "t2", "t3", "t4", "t5"],
  dimension = 16,
  seed = 1,
}: SyntheticOptions = {}): Dataset {
  const random = seededRandom(seed);
  const embeddings = matrix(prompts, dimension);
  const outcomes = matrix(prompts, models.length);
  const taskOf = Int32Array.from({ length: prompts }, (_, i) => i % tasks.length);
  for (let i = 0; i < prompts; i++) {
    for (let j = 0; j < dimension; j++) embeddings.data[i * dimension + j] = 0.3 * (random() - 0.5);
    const direction = i * dimension + (taskOf[i] % dimension);
    embeddings.data[direction] = embeddings.data[direction] + 1;
    for (let m = 0; m < models.length; m++) {
      const good = taskOf[i] % models.length === m;
      outcomes.data[i * models.length + m] = Number(random() < (good ? 0.9 : m === 0 ? 0.5 : 0.3));
    }
  }
  return {
    models,
    tasks,
    taskOf,
    ids: Array.from(taskOf, (_, i) => `id-${i}`),
    textKeys: Array.from(taskOf, (_, i) => i.toString(16).padStart(16, "0")),
    embeddings: normalizeRows(embeddings),
    outcomes,
    outputTokens: matrix(prompts, models.length, new Float32Array(prompts * models.length).fill(Number.NaN)),
    inputTokens: new Float64Array(prompts).fill(50),
  };
}
