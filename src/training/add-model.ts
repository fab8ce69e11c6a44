import { loadPredictor } from "../core/bundle.ts";
import { readFeatureMap } from "../core/landmark-predictor.ts";
import { featuresOf } from "../core/math/features.ts";
import { priorOfNewLlm } from "../core/math/llm-evidence.ts";
import { posteriorOf } from "../core/math/posterior.ts";
import type { Predictor } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { type Matrix, matrix, row } from "../numerics/matrix.ts";
import { describeLlm, writeLlms } from "./evidence/described-llm.ts";
import { observeOutcomes, observeScores, readKnown } from "./evidence/known-bundle.ts";
import { OUTCOME_VARIANCE } from "./evidence/known-evidence.ts";
import type { StatedScore } from "./evidence/published-scores.ts";

/** What is known of one LLM that the bundle doesn't have. */
export interface NewModel {
  readonly model: string;
  /** [prompts, dimension] unit vectors of the prompts that it was run on; may be none. */
  readonly embeddings: Matrix;
  /** [prompts] score in [0, 1]. */
  readonly outcomes: Float64Array;
  /** Scores that others published, by task or suite of the bundle. */
  readonly scores?: ReadonlyMap<string, StatedScore>;
}

export type AddModelCode =
  | "bundle_kind"
  | "bundle_unusable"
  | "model_known"
  | "too_few_outcomes"
  | "no_task_means"
  | "unknown_task";

const FEWEST_OUTCOMES = 5;

/**
 * Adds one LLM to a landmark-heads bundle without touching the others: everything that is known of it, outcomes and
 * published scores alike, is an observation of one linear model of it relative to the known LLMs, from a prior that was
 * learned from them (core/math/llm-evidence.ts). The posterior mean is linear in the features, so it is one more row of
 * each head.
 */
export function addModel(bundle: Uint8Array, added: NewModel): Result<Uint8Array, AddModelCode> {
  const checked = check(bundle, added);
  if (!checked.ok) return checked;
  const known = readKnown(bundle);
  const { model, embeddings, outcomes, scores = new Map() } = added;
  const published = observeScores(known, scores);
  if (!published.ok) return published;
  const posterior = posteriorOf(priorOfNewLlm(known.evidence, known.variances), [
    ...observeOutcomes(known, embeddings, outcomes),
    ...published.value,
  ]);
  const counts = { outcomes: outcomes.length, published: scores.size, feedback: 0 };
  return ok(writeLlms(bundle, known, [describeLlm(model, known, posterior, counts, true)]));
}

function checkBundle(bundle: Uint8Array): Result<Predictor, AddModelCode> {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) return fail("bundle_unusable", predictor.failure.message);
  if (predictor.value.kind !== "landmark-heads") {
    return fail(
      "bundle_kind",
      "a model can be added to a landmark-heads bundle only; train a knn bundle again",
    );
  }
  return predictor;
}

function check(bundle: Uint8Array, { model, outcomes, scores }: NewModel): Result<null, AddModelCode> {
  const predictor = checkBundle(bundle);
  if (!predictor.ok) return predictor;
  if (predictor.value.models.includes(model)) {
    return fail(
      "model_known",
      `the bundle already has ${model}; train again to learn more about it`,
      "model",
    );
  }
  if (outcomes.length < FEWEST_OUTCOMES && (scores?.size ?? 0) === 0) {
    return fail(
      "too_few_outcomes",
      `${model} has ${outcomes.length} outcomes; at least ${FEWEST_OUTCOMES} are needed, or published scores`,
    );
  }
  return ok(null);
}

/**
 * [prompts, weights] what results on prompts would be regressed on, for `suggestPrompts`: in units in which the prior is
 * as wide in each direction as one outcome's noise.
 */
export function designFeatures(bundle: Uint8Array, embeddings: Matrix): Result<Matrix, AddModelCode> {
  const usable = checkBundle(bundle);
  if (!usable.ok) return usable;
  const known = readKnown(bundle);
  const { variances } = priorOfNewLlm(known.evidence, known.variances);
  const scales = variances.map((variance) => Math.sqrt(variance / OUTCOME_VARIANCE));
  const map = readFeatureMap(known.reader);
  const design = matrix(embeddings.rows, scales.length);
  for (let i = 0; i < embeddings.rows; i++) {
    const { row: weights } = known.evidence.rowAt(featuresOf(map, row(embeddings, i)).values);
    design.data.set(
      weights.map((value, j) => value * scales[j]),
      i * scales.length,
    );
  }
  return ok(design);
}
