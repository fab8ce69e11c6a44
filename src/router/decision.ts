import type { ErrorCode } from "../contract/error.ts";
import { choiceRule } from "../contract/options.ts";
import type { RouteRequest } from "../contract/route.ts";
import { profileShift, type TaskProfile } from "../contract/task-profile.ts";
import { type Capability, type Catalogue, type CatalogueModel, catalogueNames } from "../core/catalogue.ts";
import { type Decision, type DecisionRequest, decide } from "../core/decide.ts";
import { type Prediction, shiftPrediction } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { dayOf } from "../core/service-life.ts";
import { estimateInputTokens } from "../encoder/input-tokens.ts";
import { type ChatMessage, preferredCapabilities, type RouteText, routeText } from "../encoder/route-text.ts";
import type { EmbeddingCache } from "./embedding-cache.ts";
import type { Serving } from "./serving.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** A decision with what it was made from. */
export interface Decided {
  readonly decision: Decision;
  readonly prediction: Prediction;
  readonly request: DecisionRequest;
  readonly routed: RouteText;
  readonly embedding: Float32Array;
  /** Whether the embedding was in the cache. */
  readonly cacheHit: boolean;
  /** The state that decided. */
  readonly serving: Serving;
  /** What another state would predict for the same request. */
  readonly predictWith: (other: Serving) => Prediction;
  /** What of a catalogue could be chosen from. */
  readonly usable: (catalogue: Catalogue) => Catalogue;
}

/** A parsed request, with what its surroundings demand beyond it. */
export interface DecisionInput extends RouteRequest {
  /** Room that the answer needs beside the input. */
  readonly answerTokens?: number;
  readonly alsoRequires?: readonly Capability[];
  readonly suits?: DecisionRequest["suits"];
  /** Name of the API key that asks; undefined where access is open. */
  readonly keyName?: string | undefined;
  /** What of a catalogue can be chosen from; the whole of it where this is left out. */
  readonly usable?: (catalogue: Catalogue) => Catalogue;
}

/** One decision for one parsed request: route text, embedding, prediction, choice. */
export async function decideRoute(
  request: DecisionInput,
  serving: Serving,
  embeddings: EmbeddingCache,
  stopwatch: Stopwatch,
): Promise<Result<Decided, ErrorCode>> {
  const rule = choiceRule(request);
  if (!rule.ok) return rule;
  const profile = await profileOf(request.task, serving, stopwatch);
  if (!profile.ok) return profile;
  const messages: readonly ChatMessage[] = request.messages ?? [
    { role: "user", content: request.prompt as string },
  ];
  const routed =
    request.prompt === undefined
      ? routeText(messages, request.route_on, request.tools)
      : { text: request.prompt, capabilities: toolsNeeded(request) };
  const currentModel = resolveCurrent(request, serving);
  if (!currentModel.ok) return currentModel;

  const inputTokens = estimateInputTokens(messages, request.tools);
  const usable = request.usable ?? ((catalogue) => catalogue);
  const require = requirements(request, routed, inputTokens);
  const fits = checkContext(usable(serving.catalogue), require.contextTokens ?? 0);
  if (!fits.ok) return fits;

  const { embedding, hit } = await stopwatch.time("embed", () =>
    embeddings.embed(serving.encoder, routed.text, request.keyName ?? ""),
  );
  return stopwatch.time("decide", async () => {
    const readable = serving.encoder.readable(routed.text);
    const predictWith = (state: Serving) => {
      const own = state.predictor.predict(embedding, readable);
      return profile.value === undefined ? own : applyTaskProfile(own, state, profile.value);
    };
    const prediction = predictWith(serving);
    const decisionRequest = {
      inputTokens,
      require,
      rule: rule.value,
      today: dayOf(Date.now()),
      suits: [
        ...(request.suits ?? []),
        ...preferredCapabilities(messages).map(
          (capability) => (model: CatalogueModel) => model.capabilities.includes(capability),
        ),
      ],
      ...(request.models === undefined ? {} : { models: request.models }),
      ...(request.exclude === undefined ? {} : { exclude: request.exclude }),
      ...(request.max_usd === undefined ? {} : { maxUsd: request.max_usd }),
      ...(currentModel.value === undefined ? {} : { currentModel: currentModel.value }),
    };
    const decision = decide(serving.predictor, usable(serving.catalogue), prediction, decisionRequest);
    if (!decision.ok) return decision;
    return ok({
      decision: decision.value,
      prediction,
      request: decisionRequest,
      routed,
      embedding,
      cacheHit: hit,
      serving,
      predictWith,
      usable,
    });
  });
}

async function profileOf(
  task: string | undefined,
  serving: Serving,
  stopwatch: Stopwatch,
): Promise<Result<TaskProfile | undefined, ErrorCode>> {
  if (task === undefined) return ok(undefined);
  const profile = await stopwatch.time("profile", () => serving.taskProfile(task));
  if (profile.ok && profile.value === undefined) {
    return fail("unknown_task", `no profile of a task "${task}" is stored`, "task");
  }
  return profile;
}

function applyTaskProfile(own: Prediction, { predictor }: Serving, profile: TaskProfile): Prediction {
  return shiftPrediction(
    own,
    predictor.models.map((model) => profileShift(profile, model)),
  );
}

// Megabytes that no model takes are refused before they are embedded, which may take a second.
function checkContext({ models }: Catalogue, tokens: number): Result<null, "context_too_long"> {
  if (Object.values(models).some(({ contextTokens }) => contextTokens >= tokens)) return ok(null);
  return fail(
    "context_too_long",
    `none of the allowed models takes ${tokens} tokens`,
    "require.context_tokens",
  );
}

function toolsNeeded({ tools }: RouteRequest): readonly Capability[] {
  return (tools?.length ?? 0) > 0 ? ["tools"] : [];
}

function requirements(
  { require = {}, answerTokens = 0, alsoRequires = [] }: DecisionInput,
  { capabilities }: RouteText,
  inputTokens: number,
): DecisionRequest["require"] {
  const { context_tokens = 0, ...flags } = require;
  const asked = (Object.keys(flags) as (keyof typeof flags)[]).filter((capability) => flags[capability]);
  return {
    capabilities: [...new Set([...capabilities, ...alsoRequires, ...asked])],
    contextTokens: Math.max(context_tokens, inputTokens + answerTokens),
  };
}

function resolveCurrent(
  { current_model }: RouteRequest,
  { catalogue }: Serving,
): Result<string | undefined, "unknown_model"> {
  if (current_model === undefined) return ok(undefined);
  const id = catalogueNames(catalogue).get(current_model);
  if (id !== undefined) return ok(id);
  return fail(
    "unknown_model",
    "`current_model` is no model of the catalogue; GET /v1/models lists them",
    "current_model",
  );
}
