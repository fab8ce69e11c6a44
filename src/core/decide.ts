import {
  type Capability,
  type Catalogue,
  type CatalogueModel,
  catalogueNames,
  matchModels,
} from "./catalogue.ts";
import { expectedUsd } from "./cost.ts";
import { type Exploration, type Exploring, explore } from "./explore.ts";
import {
  type Candidate,
  type Choice,
  type ChoiceRule,
  choose,
  type Reason,
  type RequestedRule,
} from "./policy.ts";
import type { Prediction, Predictor } from "./predictor.ts";
import { fail, ok, type Result } from "./result.ts";
import { describeRetirement, isRetired, type Retirement, retirements } from "./service-life.ts";

/** What a request asks of a decision, already parsed and valid. */
export interface DecisionRequest {
  /** Tokens that will be sent to the chosen model. */
  readonly inputTokens: number;
  /** Names or wildcards; nothing means all. */
  readonly models?: readonly string[];
  readonly exclude?: readonly string[];
  readonly require: {
    /** Room that input and answer need; at least `inputTokens` is always required. */
    readonly contextTokens?: number;
    readonly capabilities: readonly Capability[];
  };
  /** Conditions, the weightiest first; one that no candidate meets is none. */
  readonly suits?: readonly ((model: CatalogueModel) => boolean)[];
  readonly rule: RequestedRule;
  /** Only models that are told to think that much: the variants of that name. */
  readonly effort?: string;
  /** No candidate may cost more. */
  readonly maxUsd?: number;
  /** The day of the decision, ISO 8601: a model that has left its provider is no candidate. Left out, all are there. */
  readonly today?: string;
  /** The model that the conversation is on: its input is in the provider's cache, so that leaving it must pay. */
  readonly currentModel?: string;
  /** A share of the free choices that go to a random candidate; `draw` is this decision's, uniform in [0, 1). */
  readonly exploring?: Exploring & { readonly draw: number };
}

export interface Decision {
  readonly model: string;
  readonly pCorrect: number;
  readonly expectedUsd: number;
  readonly reason: Reason;
  readonly familiarity: number;
  readonly ranking: readonly Candidate[];
  readonly nearestTasks: Prediction["nearestTasks"];
  /** Set where another candidate could have been drawn. */
  readonly exploration?: Exploration;
}

export type DecisionCode =
  | "unknown_model"
  | "no_candidates"
  | "context_too_long"
  | "price_ceiling"
  | "spend_not_calibrated";

/** The router's pure heart: prediction, catalogue and request -> one model, and why. */
export function decide(
  predictor: Predictor,
  catalogue: Catalogue,
  prediction: Prediction,
  request: DecisionRequest,
): Result<Decision, DecisionCode> {
  const rule = resolveRule(predictor, request.rule);
  if (!rule.ok) return rule;
  const candidates = selectCandidates(predictor, catalogue, prediction, request);
  if (!candidates.ok) return candidates;
  const choice = choose(candidates.value, rule.value);
  if (!choice.ok) return choice;
  const { exploring, currentModel } = request;
  const { ranking } = choice.value;
  // Who leaves a conversation's model at random pays for the cache that is lost.
  const isFree = exploring !== undefined && currentModel === undefined;
  const explored = isFree ? explore(ranking, rule.value, exploring, exploring.draw) : undefined;
  const { drawn = choice.value.chosen } = explored ?? {};
  const isDrawn = drawn !== choice.value.chosen;
  return ok({
    model: drawn.model,
    pCorrect: drawn.pCorrect,
    expectedUsd: drawn.expectedUsd,
    reason: isDrawn ? "explored" : finalReason(choice.value, prediction, request),
    familiarity: prediction.familiarity,
    ranking: isDrawn ? [drawn, ...ranking.filter((candidate) => candidate !== drawn)] : ranking,
    nearestTasks: prediction.nearestTasks,
    ...(explored === undefined ? {} : { exploration: explored.exploration }),
  });
}

/** Quality rules give way to "best on average" where trust decided; the current model says that it was kept. */
function finalReason(
  { chosen, reason }: Choice,
  { onAverage, byTaskProfile = false }: Prediction,
  { currentModel }: DecisionRequest,
): Reason {
  if (reason === "only_candidate") return reason;
  if (chosen.model === currentModel) return "kept_current";
  if (byTaskProfile && reason === "highest_p_correct") return "task_profile";
  return onAverage && reason === "highest_p_correct" ? "best_on_average" : reason;
}

/** The rule with what the bundle learned of prices in it. */
export function resolveRule(
  predictor: Predictor,
  rule: RequestedRule,
): Result<ChoiceRule, "spend_not_calibrated"> {
  if (rule.kind !== "spend") return ok(rule);
  // The whole way up the dial is pure quality, also for bundles that were trained without prices.
  if (rule.spend >= 1) return ok({ kind: "quality" });
  const lambdaUsd = predictor.lambdaUsdOfSpend(rule.spend);
  if (lambdaUsd === undefined) {
    return fail(
      "spend_not_calibrated",
      "this bundle was trained without prices, so that `spend` has no meaning; use `tolerance` or `lambda_usd`",
      "spend",
    );
  }
  return ok({ kind: "lambda_usd", lambdaUsd });
}

/** The models that the request allows, able and large enough and cheap enough, with their predictions. */
function selectCandidates(
  predictor: Predictor,
  catalogue: Catalogue,
  prediction: Prediction,
  request: DecisionRequest,
): Result<readonly Candidate[], DecisionCode> {
  const names = catalogueNames(catalogue);
  const known = predictor.models.filter((model) => Object.hasOwn(catalogue.models, model));
  const allowed = allowedModels(known, names, request);
  if (!allowed.ok) return allowed;
  const served = servedModels(allowed.value, catalogue, request.today);
  if (!served.ok) return served;
  const pinned = atEffort(served.value, catalogue, request.effort);
  if (!pinned.ok) return pinned;
  const able = pinned.value.filter((model) => {
    const { capabilities } = catalogue.models[model] as Catalogue["models"][string];
    return request.require.capabilities.every((needed) => capabilities.includes(needed));
  });
  if (able.length === 0) {
    return fail(
      "no_candidates",
      `none of the ${pinned.value.length} allowed models has ${request.require.capabilities.join(" and ")}`,
      "require",
    );
  }
  const needed = Math.max(request.inputTokens, request.require.contextTokens ?? 0);
  const large = able.filter((model) => (catalogue.models[model]?.contextTokens ?? 0) >= needed);
  if (large.length === 0) {
    return fail(
      "context_too_long",
      `none of the allowed models takes ${needed} tokens`,
      "require.context_tokens",
    );
  }
  const comparable = large
    .map((model) => toCandidate(predictor, catalogue, prediction, request, model))
    .filter(isKnown);
  if (comparable.length === 0) return fail("no_candidates", "no allowed model has a prediction and a price");
  const candidates = suited(comparable, catalogue, predictor, prediction, request);
  const { maxUsd } = request;
  const affordable = maxUsd === undefined ? candidates : candidates.filter((c) => c.expectedUsd <= maxUsd);
  if (affordable.length === 0) {
    const least = Math.min(...candidates.map((candidate) => candidate.expectedUsd));
    return fail(
      "price_ceiling",
      `the cheapest allowed model is expected to cost ${least.toPrecision(3)} USD, above max_usd`,
      "max_usd",
    );
  }
  return ok(affordable);
}

/** Those that meet the conditions, and have room for the answer that they are expected to write. */
function suited(
  candidates: readonly Candidate[],
  { models }: Catalogue,
  predictor: Predictor,
  { outputTokens }: Prediction,
  { inputTokens, suits = [] }: DecisionRequest,
): readonly Candidate[] {
  const hasRoom = (model: CatalogueModel, id: string) => {
    const { contextTokens, unseenOutputTokens } = asShown(model, id, predictor);
    const expected = (outputTokens[predictor.models.indexOf(id)] as number) + unseenOutputTokens;
    // Without an expectation only the input counts.
    return !(inputTokens + expected > contextTokens);
  };
  return [...suits, hasRoom].reduce((left, meets) => {
    const meeting = left.filter(({ model }) => meets(models[model] as CatalogueModel, model));
    return meeting.length > 0 ? meeting : left;
  }, candidates);
}

/** What is not a number, or infinite, can't be compared: such a model would win or lose by accident. */
function isKnown({ pCorrect, decisionScore, expectedUsd: usd }: Candidate): boolean {
  return Number.isFinite(pCorrect) && Number.isFinite(decisionScore) && Number.isFinite(usd);
}

function allowedModels(
  known: readonly string[],
  names: ReadonlyMap<string, string>,
  { models, exclude }: DecisionRequest,
): Result<readonly string[], DecisionCode> {
  const included = models === undefined ? undefined : matchModels(known, names, models);
  const excluded = exclude === undefined ? undefined : matchModels(known, names, exclude);
  for (const [param, match] of [
    ["models", included],
    ["exclude", excluded],
  ] as const) {
    const unknown = match?.unmatched[0];
    if (unknown !== undefined) {
      return fail(
        "unknown_model",
        `no model of the active router matches "${unknown}"; GET /v1/models lists them`,
        param,
      );
    }
  }
  const allowed = known.filter(
    (model) => (included?.matched.has(model) ?? true) && !(excluded?.matched.has(model) ?? false),
  );
  return allowed.length > 0
    ? ok(allowed)
    : fail("no_candidates", "`exclude` leaves none of the allowed models", "exclude");
}

/** Where the caller says how much is to be thought, those that are told so. */
function atEffort(
  served: readonly string[],
  { models }: Catalogue,
  effort: string | undefined,
): Result<readonly string[], "no_candidates"> {
  if (effort === undefined) return ok(served);
  const effortOf = (model: string) => models[model]?.variant?.effort;
  const pinned = served.filter((model) => effortOf(model) === effort);
  if (pinned.length > 0) return ok(pinned);
  const known = [...new Set(served.flatMap((model) => effortOf(model) ?? []))].sort();
  const there = known.length === 0 ? "none of them has variants" : `there are ${known.join(", ")}`;
  return fail("no_candidates", `no allowed model has the effort "${effort}"; ${there}`, "effort");
}

/** Those that their providers still serve. */
function servedModels(
  allowed: readonly string[],
  catalogue: Catalogue,
  today: string | undefined,
): Result<readonly string[], "no_candidates"> {
  if (today === undefined) return ok(allowed);
  const served = allowed.filter((model) => !isRetired(catalogue.models[model] as CatalogueModel, today));
  if (served.length > 0) return ok(served);
  const [first] = retirements(catalogue, today, (model) => allowed.includes(model));
  return fail(
    "no_candidates",
    `every allowed model is retired: ${describeRetirement(first as Retirement)}`,
    "models",
  );
}

/** With the hidden tokens that completions have shown, in place of what the catalogue assumes. */
function asShown(model: CatalogueModel, id: string, { hiddenTokens }: Predictor): CatalogueModel {
  const shown = hiddenTokens?.get(id);
  return shown === undefined ? model : { ...model, unseenOutputTokens: shown };
}

function toCandidate(
  predictor: Predictor,
  catalogue: Catalogue,
  { pCorrect, decisionScore, outputTokens }: Prediction,
  { inputTokens, currentModel }: DecisionRequest,
  model: string,
): Candidate {
  const index = predictor.models.indexOf(model);
  const usage = {
    inputTokens,
    // How much a model is told to think changes nothing of what it has read.
    cachedInputTokens: baseOf(catalogue, model) === baseOf(catalogue, currentModel) ? inputTokens : 0,
    outputTokens: outputTokens[index] as number,
  };
  return {
    model,
    pCorrect: pCorrect[index] as number,
    decisionScore: decisionScore[index] as number,
    expectedUsd: expectedUsd(asShown(catalogue.models[model] as CatalogueModel, model, predictor), usage),
  };
}

/** The model that a variant is one of; undefined for no model. */
function baseOf({ models }: Catalogue, model: string | undefined): string | undefined {
  return model === undefined ? undefined : (models[model]?.variant?.of ?? model);
}
