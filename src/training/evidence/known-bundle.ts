import { type BundleReader, openBundle } from "../../core/bundle-reader.ts";
import { readFeatureMap } from "../../core/landmark-predictor.ts";
import { featuresOf } from "../../core/math/features.ts";
import { type EvidenceVariances, type LlmEvidence, llmEvidence } from "../../core/math/llm-evidence.ts";
import type { Observation } from "../../core/math/posterior.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { type Matrix, row } from "../../numerics/matrix.ts";
import { suitesOf } from "../landmark-heads/groups.ts";
import { OUTCOME_VARIANCE } from "./known-evidence.ts";
import { locateScores, type StatedScore } from "./published-scores.ts";
import { usualVariances } from "./variances.ts";

/** What of a bundle an LLM is described by. */
export interface KnownBundle {
  readonly reader: BundleReader;
  readonly evidence: LlmEvidence;
  readonly variances: EvidenceVariances;
  /** [models] mean scores, each suite the same. */
  readonly priors: Float32Array;
  /** [tasks][features] mean features of each task's prompts; none in bundles of before they were kept. */
  readonly taskMeans: readonly Float64Array[];
  /** [tasks] */
  readonly taskPrompts: readonly number[];
}

export function readKnown(bundle: Uint8Array): KnownBundle {
  const opened = openBundle(bundle);
  if (!opened.ok) throw new Error(opened.failure.message);
  const reader = opened.value;
  const { models, tasks } = reader.common;
  const weights = reader.floats("head.p_correct", ["models", "features+1"]);
  const evidence = llmEvidence({ weights, outputs: models.length }, tasks.length);
  const priors = reader.floats("prior", ["models"]);
  if (!reader.has("task.features")) {
    return { reader, evidence, priors, variances: usualVariances, taskMeans: [], taskPrompts: [] };
  }
  const means = reader.floats("task.features", ["tasks", "features"]);
  const width = means.length / tasks.length;
  return {
    reader,
    evidence,
    priors,
    variances: {
      mixture: reader.number("new_llm.mixture_variance", 0, 1e3),
      byTask: reader.number("new_llm.task_variance", 0, 1e3),
      ability: reader.number("new_llm.ability_variance", 0, 1e3),
    },
    taskMeans: tasks.map((_, d) => Float64Array.from(means.subarray(d * width, (d + 1) * width))),
    taskPrompts: reader.numbers("task_prompts"),
  };
}

/** @param embeddings [prompts, dimension] @param outcomes [prompts] score in [0, 1] */
export function observeOutcomes(
  { reader, evidence }: KnownBundle,
  embeddings: Matrix,
  outcomes: Float64Array,
): readonly Observation[] {
  const map = readFeatureMap(reader);
  return Array.from(outcomes, (outcome, i) =>
    evidence.observe(featuresOf(map, row(embeddings, i)).values, outcome, OUTCOME_VARIANCE),
  );
}

/** Scores by the bundle's own tasks and suites. */
export function observeScores(
  known: KnownBundle,
  scores: ReadonlyMap<string, StatedScore>,
): Result<readonly Observation[], "no_task_means" | "unknown_task"> {
  if (scores.size === 0) return ok([]);
  if (known.taskMeans.length === 0) {
    return fail(
      "no_task_means",
      "this bundle was trained before published scores could be used; train it again",
    );
  }
  const located = locateScores(scores, known.reader.common.tasks);
  if (!located.ok) return located;
  return ok(
    located.value.map(({ tasks, score, sd }) =>
      known.evidence.observe(meanFeatures(known, tasks), score, sd ** 2),
    ),
  );
}

/** Over the prompts of several tasks. */
function meanFeatures({ taskMeans, taskPrompts }: KnownBundle, tasks: readonly number[]): Float64Array {
  const prompts = tasks.reduce((sum, d) => sum + taskPrompts[d], 0);
  return weightedMean(
    tasks.map((d) => taskMeans[d]),
    tasks.map((d) => taskPrompts[d] / prompts),
  );
}

/**
 * Features of the average suite, in which each prompt counts the same: what `prior` is a mean over. Where the bundle keeps no
 * means of tasks: no landmark is near, and each task as likely as any.
 */
export function averageFeatures({ reader, evidence, taskMeans, taskPrompts }: KnownBundle): Float64Array {
  const { meanHead, tasks } = evidence;
  if (taskMeans.length > 0) return weightedMean(taskMeans, suiteWeights(reader.common.tasks, taskPrompts));
  const average = new Float64Array(meanHead.length - 1);
  return average.fill(1 / tasks, average.length - tasks);
}

/** [tasks] each suite the same, within it each prompt. */
function suiteWeights(tasks: readonly string[], prompts: readonly number[]): readonly number[] {
  const { suiteOf, names } = suitesOf(tasks);
  const sizes = new Float64Array(names.length);
  prompts.forEach((count, d) => {
    sizes[suiteOf[d]] += count;
  });
  return tasks.map((_, d) => prompts[d] / sizes[suiteOf[d]] / names.length);
}

function weightedMean(rows: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const mean = new Float64Array(rows[0].length);
  rows.forEach((values, k) => {
    values.forEach((value, j) => {
      mean[j] += weights[k] * value;
    });
  });
  return mean;
}
