import { capabilities } from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { ModelDocument } from "./model-changes.ts";
import type { ListedModel } from "./price-list.ts";
import type { ListSource } from "./refresh.ts";

/** A catalogue's entry of a model from what a price list says of it; a failure where the list says too little. */
export function newEntry(
  provider: string,
  upstream: string,
  listed: ListedModel,
  source: ListSource,
): Result<Omit<ModelDocument, "aliases">, "price_list_incomplete"> {
  const { price, maxInputTokens, maxOutputTokens, released, retiresOn } = listed;
  const { input, output, cachedInput, cacheWrite, tiers = [] } = price;
  const contextTokens = listed.contextTokens ?? maxInputTokens;
  if (input === undefined || output === undefined || contextTokens === undefined) {
    return fail(
      "price_list_incomplete",
      `the list has no price or no context of ${upstream}; add it by hand`,
    );
  }
  return ok({
    provider,
    upstream,
    ...(released === undefined ? {} : { released }),
    ...(retiresOn === undefined ? {} : { retires_on: retiresOn }),
    usd_per_million_tokens: {
      input,
      ...(cachedInput === undefined ? {} : { cached_input: cachedInput }),
      ...(cacheWrite === undefined ? {} : { cache_write: cacheWrite }),
      output,
      ...(tiers.length === 0
        ? {}
        : {
            tiers: tiers.map((tier) => ({
              above_input_tokens: tier.aboveInputTokens,
              input: tier.input,
              ...(tier.cachedInput === undefined ? {} : { cached_input: tier.cachedInput }),
              output: tier.output,
            })),
          }),
    },
    context_tokens: contextTokens,
    max_output_tokens: maxOutputTokens ?? contextTokens,
    capabilities: capabilities.filter((name) => listed.capabilities[name] === true),
    sources: {
      prices: source,
      limits: source,
      ...(released === undefined && retiresOn === undefined ? {} : { dates: source }),
    },
  });
}
