import * as v from "valibot";
import type { RequestBody } from "../core/accepts.ts";
import { fail, type Result } from "../core/result.ts";
import { type AnswerRequest, type AnswerRequestCode, answerRequest } from "./answer-request.ts";
import { parseWith } from "./parse.ts";

/** The body of POST /v1/embeddings: OpenAI's. */
export const embeddingsRequestSchema = v.looseObject({
  model: v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(500, "is too long")),
});

/** Embeddings of different models can't be compared, so that nothing is chosen here. */
export function parseEmbeddingsRequest(body: unknown): Result<AnswerRequest, AnswerRequestCode> {
  const request = parseWith(embeddingsRequestSchema, body, "invalid_request");
  if (!request.ok) return request;
  const asked = answerRequest(body as RequestBody, {
    said: "",
    tools: [],
    answers: 1,
    answerTokens: 0,
    capabilities: [],
  });
  if (!asked.ok || asked.value.kind === "named") return asked;
  return fail("invalid_request", "name the model: embeddings of different models can't be compared", "model");
}
