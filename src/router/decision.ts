import type { ErrorCode } from "../contract/error.ts";
import type { Conversation, Question } from "../contract/question.ts";
import { profileShift, type TaskProfile } from "../contract/task-profile.ts";
import { type Capability, type Catalogue, type CatalogueModel, catalogueNames } from "../core/catalogue.ts";
import type { DecisionRequest } from "../core/decide.ts";
import type { Exploring } from "../core/explore.ts";
import { type Prediction, shiftPrediction } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { dayOf } from "../core/service-life.ts";
import { estimateInputTokens } from "../encoder/input-tokens.ts";
import { preferredCapabilities, type RouteText, routeText } from "../encoder/route-text.ts";
import { type Turn, turnsOf } from "../encoder/turns.ts";
import { drawFor } from "./canary.ts";
import type { EmbeddingCache } from "./embedding-cache.ts";
import type { RouterParts, Serving } from "./serving.ts";
import { decideInSession, type Session, type SessionDecision } from "./session.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** A decision with what it was made from. */
export interface Decided<Parts extends RouterParts = Serving> {
  readonly decision: SessionDecision;
  readonly prediction: Prediction;
  readonly session: Session;
  readonly routed: RouteText;
  readonly embedding: Float32Array;
  /** Whether the embedding was in the cache. */
  readonly cacheHit: boolean;
  /** The state that decided. */
  readonly serving: Parts;
  /** What another state would predict for the same request. */
  readonly predictWith: (other: RouterParts) => Prediction;
  /** What of a catalogue could be chosen from. */
  readonly usable: (catalogue: Catalogue) => Catalogue;
}

/** For whom it is decided, and with what. */
export interface Surroundings {
  /** Whose embeddings are looked up and kept: nobody learns what another one asked. */
  readonly owner: string;
  readonly embeddings: Pick<EmbeddingCache, "embed">;
  readonly stopwatch: Stopwatch;
  /** What of a catalogue can be chosen from; the whole of it where this is left out. */
  readonly usable?: (catalogue: Catalogue) => Catalogue;
  /** A share of the free choices that go to a random candidate; none where this is left out. */
  readonly exploring?: Exploring | undefined;
}

/** One question -> text -> embedding -> prediction -> decision. */
export async function decideQuestion<Parts extends RouterParts>(
  question: Question,
  serving: Parts,
  { owner, embeddings, stopwatch, usable = (whole) => whole, exploring }: Surroundings,
): Promise<Result<Decided<Parts>, ErrorCode>> {
  const profile = await profileOf(question.task, serving, stopwatch);
  if (!profile.ok) return profile;
  const read = readQuestion(question, serving.catalogue, await drawn(exploring, question, serving));
  if (!read.ok) return read;
  const { routed, session } = read.value;
  const catalogue = usable(serving.catalogue);
  const fits = checkContext(catalogue, session.request.require.contextTokens ?? 0);
  if (!fits.ok) return fits;

  const { embedding, hit } = await stopwatch.time("embed", () =>
    embeddings.embed(serving.encoder, routed.text, owner),
  );
  return stopwatch.time("decide", async () => {
    const readable = serving.encoder.readable(routed.text);
    const predictWith = (parts: RouterParts) => {
      const own = parts.predictor.predict(embedding, readable);
      const { value } = profile;
      if (value === undefined || !isMadeFor(value, parts)) return own;
      return shiftPrediction(
        own,
        parts.predictor.models.map((model) => profileShift(value, model)),
      );
    };
    const prediction = predictWith(serving);
    const decision = decideInSession({ predictor: serving.predictor, catalogue, prediction }, session);
    if (!decision.ok) return decision;
    return ok({
      decision: decision.value,
      prediction,
      session,
      routed,
      embedding,
      cacheHit: hit,
      serving,
      predictWith,
      usable,
    });
  });
}

async function drawn(
  exploring: Exploring | undefined,
  { conversation }: Question,
  { pointer }: RouterParts & Partial<Pick<Serving, "pointer">>,
): Promise<DecisionRequest["exploring"]> {
  return exploring && { ...exploring, draw: await drawFor(conversation, pointer?.bundle ?? "") };
}

/** A profile corrects the errors of one bundle; on another's predictions it would be an error itself. */
function isMadeFor({ bundle }: TaskProfile, parts: RouterParts & Partial<Pick<Serving, "pointer">>): boolean {
  return parts.pointer === undefined || parts.pointer.bundle === bundle;
}

async function profileOf(
  task: string | undefined,
  serving: RouterParts,
  stopwatch: Stopwatch,
): Promise<Result<TaskProfile | undefined, ErrorCode>> {
  if (task === undefined) return ok(undefined);
  const profile = await stopwatch.time("profile", () => serving.taskProfile(task));
  if (profile.ok && profile.value === undefined) {
    return fail("unknown_task", `no profile of a task "${task}" is stored`, "task");
  }
  if (profile.ok && profile.value?.name !== task) {
    return fail(
      "task_profile_invalid",
      `what is stored for the task "${task}" is another task's profile`,
      "task",
    );
  }
  return profile;
}

function routedText({ said, tools, routeOn }: Conversation): RouteText {
  if (typeof said !== "string") return routeText(said, routeOn, tools);
  return { text: said, capabilities: tools.length > 0 ? ["tools"] : [] };
}

/** What is embedded, and what is decided on: the question's demands with those of its conversation. */
export function readQuestion(
  { conversation, demands, answerTokens }: Question,
  catalogue: Catalogue,
  exploring?: DecisionRequest["exploring"],
): Result<{ readonly routed: RouteText; readonly session: Session }, "unknown_model"> {
  const routed = routedText(conversation);
  const current = resolveCurrent(demands.currentModel, catalogue);
  if (!current.ok) return current;
  const { said, tools, beside, routeOn } = conversation;
  const messages = typeof said === "string" ? [{ role: "user", content: said }] : said;
  const whole = estimateInputTokens(messages, [...tools, ...beside]);
  const turns = typeof said === "string" ? [] : turnsOf(said);
  const { suits = [], require } = demands;
  const preferred = preferredCapabilities(messages).map(
    (capability) => (model: CatalogueModel) => model.capabilities.includes(capability),
  );
  const requestFor = (inputTokens: number, capabilities: readonly Capability[]): DecisionRequest => ({
    ...demands,
    suits: [...suits, ...preferred],
    inputTokens,
    today: dayOf(Date.now()),
    require: {
      capabilities: [...new Set([...capabilities, ...require.capabilities])],
      contextTokens: Math.max(require.contextTokens ?? 0, inputTokens + answerTokens),
    },
    ...(current.value === undefined ? {} : { currentModel: current.value }),
    ...(exploring === undefined ? {} : { exploring }),
  });
  const besideTokens = whole - (turns.at(-1)?.tokens ?? whole);
  const ofTools = tools.length > 0 ? (["tools"] as const) : [];
  return ok({
    routed,
    session: {
      turns: turnsThatCount(turns, routeOn),
      request: requestFor(whole, routed.capabilities),
      requestAt: ({ tokens, capabilities }) =>
        requestFor(tokens + besideTokens, [...ofTools, ...capabilities]),
    },
  });
}

/** Routed on the first turn, a conversation is one from then on; routed on what was said last, from that turn on. */
function turnsThatCount(turns: readonly Turn[], routeOn: Conversation["routeOn"]): readonly Turn[] {
  if (routeOn === "first") return turns;
  return turns.slice(
    Math.max(
      0,
      turns.findLastIndex(({ isUsers }) => isUsers),
    ),
  );
}

function resolveCurrent(
  currentModel: string | undefined,
  catalogue: Catalogue,
): Result<string | undefined, "unknown_model"> {
  if (currentModel === undefined) return ok(undefined);
  const id = catalogueNames(catalogue).get(currentModel);
  if (id !== undefined) return ok(id);
  return fail(
    "unknown_model",
    "`current_model` is no model of the catalogue; GET /v1/models lists them",
    "current_model",
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
