import { applyHead, type LinearHead } from "./linear-head.ts";
import type { Observation, Prior } from "./posterior.ts";

/** Prior variances of what tells a new LLM from the mean of the known ones. */
export interface EvidenceVariances {
  /** Of the weight of each known LLM's deviation. */
  readonly mixture: number;
  /** Of the own deviation on each task. */
  readonly byTask: number;
  readonly ability: number;
}

/**
 * One LLM as a linear function of what is known of others: score(x) - e(x) = ability + sum_k c_k (p_k(x) - e(x)) +
 * sum_d b_d w_d(x), with p_k the known heads, e their mean and w the task memberships. Everything that is told about it
 * is an observation of this: an outcome, a grade of an answer, a published score of a task (at the mean features of its
 * prompts). Weights stand in the order c, b, ability.
 */
export interface LlmEvidence {
  readonly models: number;
  readonly tasks: number;
  /** [features + 1] mean of the known heads. */
  readonly meanHead: Float64Array;
  /** What a score at these features says; features may be a mean over prompts. */
  observe(features: Float64Array, score: number, variance: number): Observation;
  /** The row at these features, and the mean of the known heads there. */
  rowAt(features: Float64Array): { readonly row: Float64Array; readonly mean: number };
}

/** @param head raw probabilities of the known LLMs; its last features are the memberships of `tasks` tasks */
export function llmEvidence(head: LinearHead, tasks: number): LlmEvidence {
  const models = head.outputs;
  const width = head.weights.length / models;
  const meanHead = new Float64Array(width);
  head.weights.forEach((value, k) => {
    meanHead[k % width] += value / models;
  });
  const rowAt = (features: Float64Array) => {
    const predictions = applyHead(head, features);
    const mean = predictions.reduce((sum, p) => sum + p, 0) / models;
    const row = new Float64Array(models + tasks + 1);
    for (let k = 0; k < models; k++) row[k] = predictions[k] - mean;
    row.set(features.subarray(features.length - tasks), models);
    row[models + tasks] = 1;
    return { row, mean };
  };
  return {
    models,
    tasks,
    meanHead,
    rowAt,
    observe(features, score, variance) {
      const { row, mean } = rowAt(features);
      return { row, target: score - mean, variance };
    },
  };
}

/** Of an LLM of which nothing is known: the mean of the known ones. */
export function priorOfNewLlm({ models, tasks }: LlmEvidence, variances: EvidenceVariances): Prior {
  return {
    means: new Float64Array(models + tasks + 1),
    variances: spread(models, tasks, variances),
  };
}

function spread(
  models: number,
  tasks: number,
  { mixture, byTask, ability }: EvidenceVariances,
): Float64Array {
  const variances = new Float64Array(models + tasks + 1);
  variances.fill(mixture, 0, models);
  variances.fill(byTask, models, models + tasks);
  variances[models + tasks] = ability;
  return variances;
}

/** The part of the row that is mixed from the known LLMs' rows of a head: mean + sum_k c_k (head_k - mean). */
export function mixHead({ weights: rows, outputs }: LinearHead, weights: Float64Array): Float64Array {
  const width = rows.length / outputs;
  const mixed = new Float64Array(width);
  let total = 0;
  for (let k = 0; k < outputs; k++) total += weights[k];
  for (let k = 0; k < outputs; k++) {
    const share = weights[k] + (1 - total) / outputs;
    for (let j = 0; j < width; j++) mixed[j] += share * rows[k * width + j];
  }
  return mixed;
}

/** The weights as one more row of a head: since everything is linear in the features, so is their sum. */
export function rowOfHead(
  head: LinearHead,
  { models, tasks }: LlmEvidence,
  weights: Float64Array,
): Float64Array {
  const added = mixHead(head, weights);
  const { length } = added;
  for (let d = 0; d < tasks; d++) added[length - 1 - tasks + d] += weights[models + d];
  added[length - 1] += weights[models + tasks];
  return added;
}
