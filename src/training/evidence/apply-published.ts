import type { Evidence } from "../../core/evidence.ts";
import { evidenceOf } from "../../core/evidence.ts";
import { priorOfNewLlm } from "../../core/math/llm-evidence.ts";
import { type Observation, type Prior, posteriorOf } from "../../core/math/posterior.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Dataset } from "../dataset.ts";
import { type DescribedLlm, describeLlm, writeLlms } from "./described-llm.ts";
import { averageFeatures, type KnownBundle, observeScores, readKnown } from "./known-bundle.ts";
import { OUTCOME_VARIANCE } from "./known-evidence.ts";
import { linkBenchmarks } from "./other-benchmarks.ts";
import { locateScores, parseScores, type StatedScore } from "./published-scores.ts";

/** By LLM, then by task, suite or other benchmark. */
export type PublishedScores = ReadonlyMap<string, ReadonlyMap<string, StatedScore>>;

export function parsePublished(value: unknown): Result<PublishedScores, "scores_invalid"> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("scores_invalid", "published scores are an object: name of an LLM -> its scores");
  }
  const published = new Map<string, ReadonlyMap<string, StatedScore>>();
  for (const [model, scores] of Object.entries(value)) {
    const parsed = parseScores(scores);
    if (!parsed.ok) return fail("scores_invalid", `${model}: ${parsed.failure.message}`, model);
    published.set(model, parsed.value);
  }
  return ok(published);
}

/** Counts by LLM and task, both by name. */
export function countOutcomes({ models, tasks, taskOf, outcomes }: Dataset): Known["outcomesOn"] {
  const counts = new Map<string, number>();
  outcomes.data.forEach((value, k) => {
    if (Number.isNaN(value)) return;
    const block = `${models[k % models.length]}\n${tasks[taskOf[Math.floor(k / models.length)]]}`;
    counts.set(block, (counts.get(block) ?? 0) + 1);
  });
  return (model, task) => counts.get(`${model}\n${task}`) ?? 0;
}

interface Known {
  /** Outcomes of the LLM on the task. */
  readonly outcomesOn: (model: string, task: string) => number;
  /** LLMs that may be in the bundle; others only tell what a benchmark is worth. */
  readonly isWanted: (model: string) => boolean;
}

export interface Applied {
  readonly bundle: Uint8Array;
  /** LLMs that had no outcomes and are now in the bundle. */
  readonly added: readonly string[];
  /** LLMs whose rows were moved. */
  readonly moved: readonly string[];
}

/**
 * What others published, on top of what a bundle was trained on. A score of one of the bundle's tasks fills it where an LLM
 * has no outcomes of its own; a score of another benchmark says how good it is on average. An LLM without outcomes joins
 * the bundle.
 */
export function applyPublished(
  bundle: Uint8Array,
  published: PublishedScores,
  { outcomesOn, isWanted }: Known,
): Applied {
  const known = readKnown(bundle);
  const { models, tasks } = known.reader.common;
  const isOwn = (name: string) => locateScores(new Map([[name, { score: 0, sd: 1 }]]), tasks).ok;
  // Of the heads, since what is linked is an observation of them: priors stand on a scale of their own.
  const { row: deviations, mean } = known.evidence.rowAt(averageFeatures(known));
  const link = linkBenchmarks(
    new Map(models.map((model, m) => [model, mean + deviations[m]])),
    mapScores(published, (name) => !isOwn(name)),
  );
  const llms: DescribedLlm[] = [];
  for (const [model, scores] of [...published].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const index = models.indexOf(model);
    if (index < 0 && !isWanted(model)) continue;
    const own = new Map([...scores].filter(([name]) => isOwn(name)));
    const linked = link(model);
    const observed = observeScores(known, own);
    if (!observed.ok) throw new Error(observed.failure.message);
    const observations = [
      ...observed.value,
      ...(linked === undefined ? [] : [observeAverage(known, linked)]),
    ];
    if (observations.length === 0) continue;
    const before: Evidence = evidenceOf(known.reader.header, model) ?? {
      outcomes: 0,
      published: 0,
      feedback: 0,
    };
    const prior =
      index < 0 ? priorOfNewLlm(known.evidence, known.variances) : priorOfTrained(known, index, before);
    const measured = index < 0 ? [] : observeFitted(known, index, (task) => outcomesOn(model, task));
    const counts = { outcomes: before.outcomes, published: scores.size, feedback: before.feedback };
    llms.push(
      describeLlm(model, known, posteriorOf(prior, [...observations, ...measured]), counts, index < 0),
    );
  }
  const added = llms.filter(({ isNew }) => isNew).map(({ model }) => model);
  const moved = llms.filter(({ isNew }) => !isNew).map(({ model }) => model);
  return { bundle: writeLlms(bundle, known, llms), added, moved };
}

function mapScores(published: PublishedScores, keep: (name: string) => boolean) {
  return new Map(
    [...published].map(([model, scores]) => [
      model,
      new Map([...scores].filter(([name]) => keep(name)).map(([name, { score }]) => [name, score])),
    ]),
  );
}

function observeAverage(known: KnownBundle, { score, sd }: { score: number; sd: number }): Observation {
  return known.evidence.observe(averageFeatures(known), score, sd ** 2);
}

/** The fitted row; ability may move as far as it is not known. */
function priorOfTrained(
  { evidence: { models, tasks }, variances }: KnownBundle,
  model: number,
  { ability }: Evidence,
): Prior {
  const means = new Float64Array(models + tasks + 1);
  means[model] = 1;
  const spread = new Float64Array(models + tasks + 1);
  spread.fill(variances.byTask, models, models + tasks);
  // Bounds of 19 in 20 are four standard deviations apart, but for two in a hundred.
  spread[models + tasks] = ability === undefined ? 0 : ((ability.high - ability.low) / 4) ** 2;
  return { means, variances: spread };
}

/**
 * What was fitted where there were outcomes, as observations of it: a score that others published on one benchmark must not
 * move what was measured on another.
 */
function observeFitted(
  { reader, evidence, taskMeans }: KnownBundle,
  model: number,
  outcomesOn: (task: string) => number,
): readonly Observation[] {
  return taskMeans.flatMap((features, d) => {
    const count = outcomesOn(reader.common.tasks[d]);
    if (count === 0) return [];
    const { row, mean } = evidence.rowAt(features);
    return [evidence.observe(features, mean + row[model], OUTCOME_VARIANCE / count)];
  });
}
