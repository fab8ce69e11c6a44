import { BUNDLE_METADATA_KEY, type BundleReader, openBundle } from "../core/bundle-reader.ts";
import { UNKNOWN_OUTPUT_TOKENS } from "../core/cost.ts";
import { evidenceOf } from "../core/evidence.ts";
import { type LandmarkPredictor, landmarkPredictor } from "../core/landmark-predictor.ts";
import { llmEvidence, rowOfHead } from "../core/math/llm-evidence.ts";
import { dot } from "../core/math/posterior.ts";
import {
  addShift,
  addToRow,
  countOf,
  credibleShare,
  meanFallback,
  meanRow,
  onKernels,
  type ShiftEvidence,
  type Shifts,
  shiftEvidence,
  shiftsOf,
} from "../core/math/shift-evidence.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../core/safetensors.ts";
import type { LearnedLengths } from "./lengths.ts";

/** Of one grade around its probability; the same as for outcomes in training. */
const GRADE_VARIANCE = 0.2;
/**
 * How far an LLM may be from its row on traffic of a new kind, as variances of the weights of others' deviations, of each
 * task and of its ability; and how far all of them may be, since prompts are harder or easier than they look, on any
 * prompt and further on one that is wholly unfamiliar.
 */
const VARIANCES = {
  mixture: 1 / 30,
  byTask: 1 / 100,
  ability: 1 / 25,
  common: 1 / 400,
  unfamiliar: 1 / 400,
} as const;
const COMMON = 2;
const LENGTHS = "head.log_output_tokens";
/** Standard deviations that a mean shift must be from 0 before any of it counts. */
const CAUTION = 1;
/** Where a probability's log-odds change no faster than ten times it. */
const SMALLEST_SLOPE_SHARE = 0.11;

/** An answer that was graded. */
export interface Grade {
  readonly model: string;
  /** In [0, 1]. */
  readonly score: number;
  /** [dimension] of unit length. */
  readonly embedding: Float32Array;
}

/** What was believed of one LLM on average over the traffic, and how far it was moved. */
export interface LearnedModel {
  readonly grades: number;
  /** Of its decision scores, on average over what was graded. */
  readonly shift: number;
  /** Share of the estimate that is credible, which is what moved the row. */
  readonly credible: number;
}

export interface Learned {
  readonly bundle: Uint8Array;
  /** Those that were graded. */
  readonly models: Readonly<Record<string, LearnedModel>>;
}

/** Adds up grades against a base bundle, and writes it with the rows moved by what they say. */
export interface Learner {
  readonly base: LandmarkPredictor;
  /** @returns false for a model that the base doesn't have */
  observe(grade: Grade): boolean;
  /** LLMs that were graded. */
  readonly evidence: ReadonlyMap<string, ShiftEvidence>;
  /** Numbers of one LLM's evidence. */
  readonly size: number;
  learned(lengths?: LearnedLengths): Learned;
}

/**
 * The prior mean is the base's own row: grades are observed against what it predicted, so that each bundle that is learned
 * is the base and all grades since, in whatever portions they came.
 * @param base a landmark-heads bundle @param sha256 its checksum @param known what was added up before, by model
 */
export function createLearner(
  bundle: Uint8Array,
  sha256: string,
  known: ReadonlyMap<string, Float64Array<ArrayBuffer>> = new Map(),
): Learner {
  const opened = openBundle(bundle);
  if (!opened.ok) throw new Error(opened.failure.message);
  const base = landmarkPredictor(opened.value);
  const { models, tasks } = base;
  const design = llmEvidence(base.correctness, tasks.length);
  const size = models.length + tasks.length + 1 + COMMON;
  const evidence = new Map<string, ShiftEvidence>();
  for (const [model, cells] of known) evidence.set(model, shiftEvidence(size, cells));
  return {
    base,
    evidence,
    size,
    observe({ model, score, embedding }) {
      const m = models.indexOf(model);
      if (m < 0) return false;
      const features = base.featuresOf(embedding);
      const prediction = base.predictAt(features);
      const own = evidence.get(model) ?? shiftEvidence(size);
      evidence.set(model, own);
      addShift(own, {
        row: Float64Array.of(...design.rowAt(features.values).row, 1, 1 - prediction.familiarity),
        ofProbability: score - (prediction.pCorrect[m] as number),
        ofDecision: score - (prediction.decisionScore[m] as number),
        variance: GRADE_VARIANCE,
        fallback: base.fallbackAt(features)[m] as number,
      });
      return true;
    },
    learned: (lengths = new Map()) =>
      write({ bundle, sha256, reader: opened.value, base }, evidence, lengths),
  };
}

interface Base {
  readonly bundle: Uint8Array;
  readonly sha256: string;
  readonly reader: BundleReader;
  readonly base: LandmarkPredictor;
}

/** The base with the rows of all LLMs that were graded. Equal evidence gives equal bytes. */
function write(
  { bundle, sha256, reader, base }: Base,
  evidence: ReadonlyMap<string, ShiftEvidence>,
  lengths: LearnedLengths,
): Learned {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  const { models, tasks, correctness } = base;
  const design = llmEvidence(correctness, tasks.length);
  const own = new Float64Array(models.length + tasks.length + 1).fill(VARIANCES.mixture);
  own.fill(VARIANCES.byTask, models.length);
  own[own.length - 1] = VARIANCES.ability;
  const common = Float64Array.of(VARIANCES.common, VARIANCES.unfamiliar);
  const graded = inOrder(evidence);
  const all = graded.map(([, one]) => one);
  const shifts = shiftsOf(all, own, common);
  const mean = meanRow(all, own.length + COMMON);
  const [traffic, ofAll] = [mean.slice(0, own.length), mean.slice(own.length)];
  const memberships = traffic.subarray(models.length, own.length - 1);

  const heads = new Map<string, Float32Array>();
  for (const name of ["head.p_correct", "head.decision", "head.unfamiliar", LENGTHS]) {
    const width = name === "head.unfamiliar" ? "landmarks+1" : "features+1";
    if (reader.has(name)) heads.set(name, Float32Array.from(reader.floats(name, ["models", width])));
  }
  const add = (name: string, m: number, row: Float64Array, factor = 1) => {
    const weights = heads.get(name) as Float32Array;
    addToRow(weights, weights.length / models.length, m, row, factor);
  };
  const figures: Record<string, LearnedModel> = {};
  graded.forEach(([model, one], k) => {
    const m = models.indexOf(model);
    const weights = shifts.ofDecision.own[k] as Float64Array;
    const shift = dot(traffic, weights);
    const share = credibleShare(shift, Math.sqrt(shifts.varianceOfOwn(k, traffic)), CAUTION);
    figures[model] = { grades: countOf(one), shift: share * shift, credible: share };
    if (share === 0) return;
    const rowOf = (added: Float64Array) =>
      rowOfHead(correctness, design, added).map((value, j) => value - (design.meanHead[j] as number));
    add("head.p_correct", m, rowOf(shifts.ofProbability.own[k] as Float64Array), share);
    const decided = rowOf(weights);
    add("head.decision", m, decided, share);
    // In log-odds, and on kernels alone.
    add("head.unfamiliar", m, onKernels(decided, memberships), share * slopeAt(meanFallback(one)));
  });
  addToAll(heads, models.length, shifts, ofAll, meanOf(all.map(meanFallback)));
  // A bundle that knows no lengths gets them from here.
  const knowsNone = lengths.size > 0 && !heads.has(LENGTHS);
  if (knowsNone) heads.set(LENGTHS, sameLengths(models.length, correctness.weights.length));
  const words = heads.get(LENGTHS);
  for (const [model, { wordiness }] of inOrder(lengths)) {
    const m = models.indexOf(model);
    if (words === undefined || m < 0) continue;
    const width = words.length / models.length;
    words[(m + 1) * width - 1] = (words[(m + 1) * width - 1] as number) + wordiness;
  }
  const tensors = new Map<string, Tensor>();
  if (knowsNone) {
    const data = heads.get(LENGTHS) as Float32Array;
    tensors.set(LENGTHS, { dtype: "F32", shape: [models.length, data.length / models.length], data });
  }
  for (const [name, tensor] of file.value.tensors) {
    const data = heads.get(name);
    tensors.set(name, data === undefined ? tensor : { dtype: "F32", shape: tensor.shape, data });
  }
  const document = JSON.parse(file.value.metadata[BUNDLE_METADATA_KEY] as string);
  const header = {
    ...document,
    evidence: { ...document.evidence, ...gradesOf(document, figures) },
    learned: { base: sha256, models: figures, lengths: Object.fromEntries(inOrder(lengths)) },
  };
  const metadata = { [BUNDLE_METADATA_KEY]: JSON.stringify(header) };
  return { bundle: writeSafetensors({ tensors, metadata }), models: figures };
}

/** A head by which every answer is as long as where nothing is known of it. */
function sameLengths(models: number, cells: number): Float32Array {
  const weights = new Float32Array(cells);
  const width = cells / models;
  for (let k = width - 1; k < cells; k += width) weights[k] = Math.log(UNKNOWN_OUTPUT_TOKENS);
  return weights;
}

/** What all LLMs share chooses none of them, but makes the probabilities come true. */
function addToAll(
  heads: ReadonlyMap<string, Float32Array>,
  models: number,
  shifts: Shifts,
  mean: Float64Array,
  fallback: number,
): void {
  const { common } = shifts.ofProbability;
  const share = credibleShare(dot(mean, common), Math.sqrt(shifts.varianceOfCommon(mean)), CAUTION);
  const [anywhere, unfamiliar] = common as unknown as [number, number];
  const added = {
    "head.p_correct": anywhere,
    "head.unfamiliar": (anywhere + unfamiliar) * slopeAt(fallback),
  };
  for (const [name, intercept] of Object.entries(added)) {
    const weights = heads.get(name) as Float32Array;
    const width = weights.length / models;
    for (let k = width - 1; k < weights.length; k += width) {
      weights[k] = (weights[k] as number) + share * intercept;
    }
  }
}

/** Log-odds for each unit of a probability. */
function slopeAt(p: number): number {
  return 1 / Math.max(p * (1 - p), SMALLEST_SLOPE_SHARE);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function gradesOf(
  document: Readonly<Record<string, unknown>>,
  figures: Readonly<Record<string, LearnedModel>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(figures).map(([model, { grades }]) => {
      const before = evidenceOf(document, model) ?? { outcomes: 0, published: 0, feedback: 0 };
      return [model, { ...before, feedback: before.feedback + grades }];
    }),
  );
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
