import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "../../src/cli/encoder.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { parseChatRequest } from "../../src/contract/chat.ts";
import type { Question } from "../../src/contract/question.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { Catalogue } from "../../src/core/catalogue.ts";
import { priceFor } from "../../src/core/cost.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import { ok } from "../../src/core/result.ts";
import { type Decided, decideQuestion } from "../../src/router/decision.ts";
import { createEmbeddingCache } from "../../src/router/embedding-cache.ts";
import type { RouterParts } from "../../src/router/serving.ts";
import { decideInSession, type SessionDecision } from "../../src/router/session.ts";
import { createStopwatch } from "../../src/router/stopwatch.ts";
import { requestsOf, type Transcript } from "./transcripts.ts";

/** How each request of a session finds its model. */
export interface Policy {
  readonly name: string;
  /** Of the request, as `signalbox` has them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Whether what was decided before is taken into account. */
  readonly remembers: boolean;
}

/** What a policy made of some sessions. */
export interface Outcome {
  readonly policy: string;
  readonly requests: number;
  readonly switches: number;
  readonly because: Readonly<Record<string, number>>;
  readonly usd: number;
  /** Of that, paid for reading again what another model had in its cache. */
  readonly cacheUsd: number;
  readonly pCorrect: number;
}

/** The bundled router without a Worker. */
export async function openParts(): Promise<RouterParts> {
  return {
    predictor: unwrap(
      loadPredictor(new Uint8Array(await readFile(join(bundledRouterDirectory, "bundle.safetensors")))),
    ),
    catalogue: unwrap(
      parseCatalogue(new Uint8Array(await readFile(join(bundledRouterDirectory, "catalogue.json")))),
    ),
    encoder: await openEncoder(bundledEncoderDirectory, "few texts"),
    taskProfile: async () => ok(undefined),
  };
}

/** The model that the bundle holds to be the best on average of those that are served and take tools. */
export function bestOnAverage({ models, priors }: Predictor, catalogue: Catalogue): string {
  const usable = models.filter((id) => catalogue.models[id]?.capabilities.includes("vision"));
  return usable.reduce((best, id) =>
    (priors[models.indexOf(id)] as number) > (priors[models.indexOf(best)] as number) ? id : best,
  );
}

export async function runPolicy(
  parts: RouterParts,
  transcripts: readonly Transcript[],
  policy: Policy,
): Promise<Outcome> {
  const surroundings = {
    owner: "",
    embeddings: createEmbeddingCache(1024),
    stopwatch: createStopwatch(() => 0),
  };
  const because: Record<string, number> = {};
  let [requests, switches, usd, cacheUsd, pCorrect] = [0, 0, 0, 0, 0];
  for (const transcript of transcripts) {
    let before: { readonly model: string; readonly tokens: number } | undefined;
    for (const body of requestsOf(transcript, "/v1/chat/completions")) {
      const question = questionOf({ model: "auto", ...body, signalbox: policy.options });
      const decided = unwrap(await decideQuestion(question, parts, surroundings));
      const decision = policy.remembers ? decided.decision : decideAlone(parts, decided);
      const { model } = decision;
      const tokens = decided.session.request.inputTokens;
      const stays =
        before === undefined || baseOf(parts.catalogue, before.model) === baseOf(parts.catalogue, model);
      const bill = billOf(parts, decided, model, tokens, stays ? (before?.tokens ?? 0) : 0);
      const kept = billOf(parts, decided, model, tokens, before?.tokens ?? 0);
      if (!stays) {
        switches++;
        const cause = decision.moved?.because ?? "no reason";
        because[cause] = (because[cause] ?? 0) + 1;
        cacheUsd += bill - kept;
      }
      requests++;
      usd += bill;
      pCorrect += decision.pCorrect;
      before = { model, tokens };
    }
  }
  return { policy: policy.name, requests, switches, because, usd, cacheUsd, pCorrect: pCorrect / requests };
}

function questionOf(body: object): Question {
  const request = unwrap(parseChatRequest(body));
  if (request.kind !== "auto") throw new Error("the model is named");
  return request.question;
}

function decideAlone(
  { predictor, catalogue }: RouterParts,
  { prediction, session }: Decided<RouterParts>,
): SessionDecision {
  return unwrap(decideInSession({ predictor, catalogue, prediction }, { ...session, turns: [] }));
}

/** USD of one request: what the model has read before from its cache, the rest as input that goes into it. */
function billOf(
  { predictor, catalogue }: RouterParts,
  { prediction }: Decided<RouterParts>,
  id: string,
  tokens: number,
  cached: number,
): number {
  const model = catalogue.models[id] as Catalogue["models"][string];
  const price = priceFor(model.price, tokens);
  const write = model.price.cacheWrite ?? price.input;
  const answer = (prediction.outputTokens[predictor.models.indexOf(id)] as number) + model.unseenOutputTokens;
  return ((tokens - cached) * write + cached * price.cachedInput + answer * price.output) / 1e6;
}

function baseOf({ models }: Catalogue, id: string): string {
  return models[id]?.variant?.of ?? id;
}
