import type { AnswerRequest } from "../../contract/answer-request.ts";
import type { ErrorCode } from "../../contract/error.ts";
import type { KeyLimits } from "../../contract/key-limits.ts";
import { type Catalogue, type CatalogueModel, catalogueNames, matchModels } from "../../core/catalogue.ts";
import { expectedUsd } from "../../core/cost.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { estimateInputTokens } from "../../encoder/input-tokens.ts";

/**
 * Whether a model that was named keeps the filters of the request and those of the key, which `auto` keeps by choosing.
 * @returns USD that the completion is expected to cost, its answer as long as it may be
 */
export function checkNamed(
  catalogue: Catalogue,
  model: string,
  request: Extract<AnswerRequest, { readonly kind: "named" }>,
  limits: KeyLimits,
): Result<number, ErrorCode> {
  const matches = (patterns: readonly string[]) =>
    matchModels([model], catalogueNames(catalogue), patterns).matched.size > 0;
  if (limits.models !== undefined && !matches(limits.models))
    return fail("key_not_allowed", "this key may not use this model", "model");
  const { models, exclude, max_usd } = request.options ?? {};
  if ((models !== undefined && !matches(models)) || (exclude !== undefined && matches(exclude))) {
    return fail("no_candidates", "the model that `model` names is none that the filters leave", "model");
  }
  const usd = usdOf(catalogue.models[model] as CatalogueModel, request);
  const ceiling = Math.min(max_usd ?? Number.POSITIVE_INFINITY, limits.maxUsd ?? Number.POSITIVE_INFINITY);
  if (usd <= ceiling) return ok(usd);
  return fail(
    "price_ceiling",
    `the model is expected to cost ${usd.toPrecision(3)} USD, above max_usd`,
    max_usd === ceiling ? "signalbox.max_usd" : "model",
  );
}

function usdOf(
  model: CatalogueModel,
  { said, tools, beside, answers, answerTokens }: Omit<AnswerRequest, "kind">,
): number {
  const messages = typeof said === "string" ? [{ role: "user", content: said }] : said;
  const usage = {
    inputTokens: estimateInputTokens(messages, [...tools, ...beside]),
    cachedInputTokens: 0,
    outputTokens: answerTokens === 0 ? Number.NaN : answerTokens,
  };
  const one = expectedUsd(model, usage);
  const input = expectedUsd(model, { ...usage, outputTokens: -model.unseenOutputTokens });
  return input + answers * (one - input);
}
