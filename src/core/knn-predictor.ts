import type { BundleReader } from "./bundle-reader.ts";
import { evaluateCurve } from "./math/curve.ts";
import { meanOutcomesOf, type Neighbor, nearestNeighbors } from "./math/knn.ts";
import { familiarityOfReadable, type Predictor } from "./predictor.ts";

// The paper measures how far a task is from the others by the mean distance to this many nearest prompts.
const FAMILIARITY_NEIGHBORS = 19;
const NEAREST_TASKS = 3;
// Means over few neighbors are often equal; then the better model on average is the better guess.
const TIE_BREAK = 1e-6;

/** The paper's method: the mean outcome of the nearest training prompts (Shnitzer et al. 2023, k = 5). */
export function knnPredictor(reader: BundleReader): Predictor {
  const { models, tasks, encoder } = reader.common;
  const embeddings = reader.quantized("embeddings", ["prompts", "dimension"]);
  const outcomes = reader.bytes("outcomes", ["prompts", "models"]);
  const taskOf = reader.indices("task_of", ["prompts"], tasks.length);
  const priors = reader.shares("prior", ["models"]);
  const outputTokens = reader.floats("output_tokens", ["models"]);
  const neighbors = Math.floor(reader.number("knn.neighbors", 1, 10_000));
  const familiarity = reader.curve("familiarity.distance", "familiarity.value", "familiarity_points", 0, 1);
  const distances = reader.floats("reference.distance", ["tasks"]);
  const accuracies = reader.floats("reference.verdict_accuracy", ["tasks", "models"]);
  return {
    kind: "knn",
    models,
    tasks,
    encoder,
    priors,
    header: reader.header,
    predict(embedding, readable = 1) {
      const nearest = nearestNeighbors(embeddings, embedding, Math.max(neighbors, FAMILIARITY_NEIGHBORS));
      const pCorrect = meanOutcomesOf(
        { embeddings, outcomes, models: models.length },
        nearest.slice(0, neighbors),
        priors,
      );
      return {
        pCorrect,
        decisionScore: pCorrect.map((p, m) => p + TIE_BREAK * (priors[m] as number)),
        outputTokens: Float64Array.from(outputTokens, (tokens) => (tokens < 0 ? Number.NaN : tokens)),
        familiarity: familiarityOfReadable(
          evaluateCurve(familiarity, meanDistance(nearest.slice(0, FAMILIARITY_NEIGHBORS))),
          readable,
        ),
        onAverage: false,
        nearestTasks: tasksOf(nearest, taskOf, tasks),
      };
    },
    lambdaUsdOfSpend: () => undefined,
    reference: {
      distanceOf: (embedding) => meanDistance(nearestNeighbors(embeddings, embedding, FAMILIARITY_NEIGHBORS)),
      pairsOf: (model) =>
        Array.from(distances, (distance, task) => ({
          distance,
          accuracy: knownAccuracy(accuracies[task * models.length + model] as number),
        })),
    },
  };
}

/** Files hold finite numbers only; -1 stands for a model without results on the task. */
function knownAccuracy(stored: number): number {
  return stored < 0 ? Number.NaN : stored;
}

function meanDistance(neighbors: readonly Neighbor[]): number {
  return neighbors.reduce((sum, { cosine }) => sum + 1 - cosine, 0) / neighbors.length;
}

/** Tasks of the neighbors, each with its nearest prompt's cosine. */
function tasksOf(
  nearest: readonly Neighbor[],
  taskOf: Int32Array,
  tasks: readonly string[],
): { task: string; similarity: number }[] {
  const best = new Map<string, number>();
  for (const { index, cosine } of nearest) {
    const task = tasks[taskOf[index] as number] as string;
    if (!best.has(task)) best.set(task, cosine);
  }
  return Array.from(best, ([task, similarity]) => ({ task, similarity })).slice(0, NEAREST_TASKS);
}
