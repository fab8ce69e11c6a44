import { MISSING_OUTCOME, OUTCOME_LEVELS } from "../core/math/knn.ts";
import { dequantizeRows, quantizeRows } from "../core/math/quantize.ts";
import type { Predictor } from "../core/predictor.ts";
import type { Tensor } from "../core/safetensors.ts";
import { multiply } from "../numerics/blas.ts";
import { type Matrix, matrix, row } from "../numerics/matrix.ts";
import { type Dataset, meanOutcomes, priorOutcomes } from "./dataset.ts";
import { measureReference } from "./reference-pairs.ts";
import { floatTensor, quantizedTensors, writeBundle } from "./write-bundle.ts";

/** The paper's choice; more neighbors give better probabilities. */
export const KNN_NEIGHBORS = 5;

export interface KnnOptions {
  readonly neighbors: number;
}

const FAMILIARITY_NEIGHBORS = 19;
const FAMILIARITY_POINTS = 33;

/**
 * The paper's router as a bundle: the training embeddings as int8, the outcomes as bytes.
 * Familiarity of a prompt is the share of training prompts that lie at least as far from their nearest ones.
 */
export async function fitKnn(
  train: Dataset,
  encoder: Predictor["encoder"],
  { neighbors }: KnnOptions,
): Promise<Uint8Array> {
  const rows = quantizeRows(train.embeddings.data, train.embeddings.columns);
  const { models, tasks, taskOf, outcomes } = train;
  const embeddings = matrix(train.ids.length, rows.columns, dequantizeRows(rows));
  const distances = (await neighborDistances(embeddings)).sort();
  const reference = await measureReference({ ...train, embeddings }, neighbors);
  const points = Array.from({ length: FAMILIARITY_POINTS }, (_, k) => k / (FAMILIARITY_POINTS - 1));
  const tensors = new Map<string, Tensor>([
    ["prior", floatTensor([models.length], priorOutcomes(train))],
    ["output_tokens", floatTensor([models.length], meanTokens(train.outputTokens))],
    ["familiarity.distance", floatTensor([points.length], rising(points.map((q) => quantile(distances, q))))],
    [
      "familiarity.value",
      floatTensor(
        [points.length],
        points.map((q) => 1 - q),
      ),
    ],
    ["reference.distance", floatTensor([tasks.length], reference.distances)],
    ["reference.verdict_accuracy", floatTensor([tasks.length, models.length], reference.accuracies)],
    ["task_of", { dtype: "I32", shape: [taskOf.length], data: taskOf }],
    ...quantizedTensors("embeddings", rows),
    [
      "outcomes",
      {
        dtype: "U8",
        shape: [outcomes.rows, outcomes.columns],
        data: Uint8Array.from(outcomes.data, toLevel),
      },
    ],
  ]);
  return writeBundle(
    { kind: "knn", encoder, models, tasks, knn: { neighbors }, training: { prompts: train.ids.length } },
    tensors,
  );
}

function toLevel(score: number): number {
  return Number.isNaN(score) ? MISSING_OUTCOME : Math.round(score * OUTCOME_LEVELS);
}

/** [models] mean answer length; -1 where none is known. */
function meanTokens(outputTokens: Matrix): Float64Array {
  return meanOutcomes({ outcomes: outputTokens }).map((mean) => (Number.isNaN(mean) ? -1 : mean));
}

const ROWS_AT_ONCE = 1024;

/** [rows] mean cosine distance of each row to its nearest other rows. */
async function neighborDistances(rows: Matrix): Promise<Float64Array> {
  const distances = new Float64Array(rows.rows);
  const count = Math.min(FAMILIARITY_NEIGHBORS, rows.rows - 1);
  for (let start = 0; start < rows.rows; start += ROWS_AT_ONCE) {
    const end = Math.min(start + ROWS_AT_ONCE, rows.rows);
    const block = matrix(
      end - start,
      rows.columns,
      rows.data.slice(start * rows.columns, end * rows.columns),
    );
    const cosines = await multiply(block, rows, { transposeB: true });
    for (let i = start; i < end; i++) {
      const others = row(cosines, i - start);
      others[i] = Number.NEGATIVE_INFINITY;
      const nearest = others.toSorted().subarray(others.length - count);
      distances[i] = count === 0 ? 0 : 1 - nearest.reduce((sum, cosine) => sum + cosine, 0) / count;
    }
  }
  return distances;
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.round(q * (sorted.length - 1))];
}

/** A curve's x must rise; equal distances are set a rounding apart. */
function rising(values: readonly number[]): number[] {
  const result: number[] = [];
  for (const value of values)
    result.push(Math.max(value, (result.at(-1) ?? Number.NEGATIVE_INFINITY) + 1e-6));
  return result;
}
