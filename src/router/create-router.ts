import { parseCatalogue } from "../contract/catalogue.ts";
import type { ErrorCode } from "../contract/error.ts";
import { parseWith } from "../contract/parse.ts";
import type { Question } from "../contract/question.ts";
import { parseRouteRequest, type RouteRequestInput } from "../contract/route.ts";
import {
  type RouteTaskResponse,
  routeTaskRequestSchema,
  type TaskPromptInput,
} from "../contract/route-task.ts";
import type { TaskProfile } from "../contract/task-profile.ts";
import { loadPredictor } from "../core/bundle.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Decision } from "../core/decide.ts";
import type { Predictor } from "../core/predictor.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { createEncoder, type Encoder } from "../encoder/encoder.ts";
import { checksumOf, type EncoderFiles, verifyEncoderFiles } from "../encoder/files.ts";
import type { EncoderSession } from "../encoder/session.ts";
import { decideQuestion } from "./decision.ts";
import { createEmbeddingCache, type EmbeddingCache } from "./embedding-cache.ts";
import { mismatches } from "./mismatches.ts";
import { createStopwatch } from "./stopwatch.ts";
import { decideTask } from "./task.ts";

/** Decides by itself: no server, no storage, no clock. */
export interface Router {
  readonly models: readonly string[];
  /** Which model should answer; takes what POST /v1/route takes. */
  route(request: RouteRequestInput): Promise<Result<Decision, ErrorCode>>;
  /** The same for what is parsed already. */
  decide(question: Question): Promise<Result<Decision, ErrorCode>>;
  /** One model for a set of prompts, of which some may be labeled. */
  routeTask(prompts: readonly TaskPromptInput[]): Promise<Result<RouteTaskResponse, ErrorCode>>;
}

export interface RouterFiles {
  /** `bundle.safetensors` */
  readonly bundle: Uint8Array;
  /** `catalogue.json`, as bytes or parsed. */
  readonly catalogue: unknown;
  /** Manifest, graph, weights and tokenizer of the encoder that the bundle was trained on. */
  readonly encoder: EncoderFiles;
  /** What runs the encoder: `createSimdSession` with its kernel, `createLexicalSession`, or one of your own. */
  readonly openSession: (files: EncoderFiles) => Promise<EncoderSession>;
  readonly options?: RouterOptions;
}

export interface RouterOptions {
  /** Embeddings that are kept, by a hash of the text; 1024 by default, each of 3 KB. */
  readonly embeddingCacheEntries?: number;
  /** Profiles of named tasks; none by default. */
  readonly taskProfile?: (name: string) => Promise<TaskProfile | undefined>;
  /** Uniform in [0, 1), for tasks without labels and a knn bundle. */
  readonly random?: () => number;
}

/** Reads a router's files, checks every checksum and that they fit together. */
export async function openRouter(files: RouterFiles): Promise<Result<Router, ErrorCode>> {
  const predictor = loadPredictor(files.bundle);
  if (!predictor.ok) return fail("bundle_invalid", predictor.failure.message, predictor.failure.param);
  const catalogue = parseCatalogue(files.catalogue);
  if (!catalogue.ok) return catalogue;
  const verified = await verifyEncoderFiles(files.encoder);
  if (!verified.ok) return fail("encoder_invalid", verified.failure.message, verified.failure.param);
  const encoder = await createEncoder(files.encoder, await files.openSession(files.encoder));
  if (!encoder.ok) return fail("encoder_invalid", encoder.failure.message, encoder.failure.param);
  const [wrong] = mismatches(predictor.value, encoder.value.checksum, catalogue.value);
  if (wrong !== undefined) return { ok: false, failure: wrong };
  const parts = { predictor: predictor.value, catalogue: catalogue.value, encoder: encoder.value };
  return ok(createRouter(parts, await checksumOf(files.bundle), files.options));
}

/** A router of loaded parts. */
export function createRouter(
  parts: { readonly predictor: Predictor; readonly catalogue: Catalogue; readonly encoder: Encoder },
  bundle: string,
  { embeddingCacheEntries = 1024, taskProfile, random = Math.random }: RouterOptions = {},
  embeddings: Pick<EmbeddingCache, "embed"> = createEmbeddingCache(embeddingCacheEntries),
): Router {
  const whole = { ...parts, taskProfile: async (name: string) => ok(await taskProfile?.(name)) };
  const surroundings = () => ({ owner: "", embeddings, stopwatch: createStopwatch(() => 0) });
  const decide = async (question: Question): Promise<Result<Decision, ErrorCode>> => {
    const decided = await decideQuestion(question, whole, surroundings());
    return decided.ok ? ok(decided.value.decision) : decided;
  };
  return {
    models: parts.predictor.models,
    async route(request) {
      const question = parseRouteRequest(request);
      return question.ok ? decide(question.value) : question;
    },
    decide,
    async routeTask(prompts) {
      const request = parseWith(routeTaskRequestSchema, { prompts }, "invalid_request");
      if (!request.ok) return request;
      return decideTask(request.value.prompts, { ...parts, bundle }, surroundings(), random);
    },
  };
}
