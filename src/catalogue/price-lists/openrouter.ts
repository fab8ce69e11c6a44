import * as v from "valibot";
import { type ListedModel, type ListedTier, perMillion } from "../price-list.ts";

const price = v.optional(v.string());
/** An entry of https://openrouter.ai/api/v1/models: dollars a token, as text. */
const ownSchema = v.looseObject({
  id: v.string(),
  context_length: v.optional(v.nullable(v.number())),
  pricing: v.looseObject({
    prompt: v.string(),
    completion: v.string(),
    input_cache_read: price,
    input_cache_write: price,
  }),
  top_provider: v.optional(
    v.nullable(v.looseObject({ max_completion_tokens: v.optional(v.nullable(v.number())) })),
  ),
  architecture: v.optional(v.looseObject({ input_modalities: v.optional(v.nullable(v.array(v.string()))) })),
  supported_parameters: v.optional(v.nullable(v.array(v.string()))),
});
/** The same list as others reduce it: dollars per million tokens. */
const reducedSchema = v.looseObject({
  model_id: v.string(),
  input_per_mtok: v.number(),
  output_per_mtok: v.number(),
  context_length: v.optional(v.nullable(v.number())),
  supports_tools: v.optional(v.boolean()),
  cache: v.optional(
    v.nullable(
      v.looseObject({
        read_multiplier: v.optional(v.nullable(v.number())),
        write_multiplier: v.optional(v.nullable(v.number())),
      }),
    ),
  ),
  context_tiers: v.optional(
    v.nullable(
      v.array(
        v.looseObject({
          up_to_tokens: v.nullable(v.number()),
          input_per_mtok: v.number(),
          output_per_mtok: v.number(),
        }),
      ),
    ),
  ),
});

export const openRouterSchema = v.union([
  v.looseObject({ data: v.array(v.unknown()) }),
  v.looseObject({ as_of: v.optional(v.pipe(v.string(), v.isoDate())), models: v.array(v.unknown()) }),
]);

/** OpenRouter's list of models, in its own form or reduced. */
export function readOpenRouter(document: v.InferOutput<typeof openRouterSchema>): readonly ListedModel[] {
  const entries =
    "data" in document ? (document.data as readonly unknown[]) : (document.models as readonly unknown[]);
  return entries.flatMap((value) => {
    const own = v.safeParse(ownSchema, value);
    if (own.success) return [ofOwn(own.output)];
    const reduced = v.safeParse(reducedSchema, value);
    return reduced.success ? [ofReduced(reduced.output)] : [];
  });
}

const provider = "openrouter";

function ofOwn({ id, context_length, pricing, ...rest }: v.InferOutput<typeof ownSchema>): ListedModel {
  const { prompt, completion, input_cache_read, input_cache_write } = pricing;
  const parameters = rest.supported_parameters;
  const modalities = rest.architecture?.input_modalities;
  const output = rest.top_provider?.max_completion_tokens;
  return {
    provider,
    name: id,
    price: {
      input: perMillion(Number(prompt)),
      output: perMillion(Number(completion)),
      ...(input_cache_read === undefined ? {} : { cachedInput: perMillion(Number(input_cache_read)) }),
      ...(input_cache_write === undefined ? {} : { cacheWrite: perMillion(Number(input_cache_write)) }),
    },
    ...(context_length ? { contextTokens: context_length } : {}),
    ...(output ? { maxOutputTokens: output } : {}),
    capabilities: {
      ...(modalities ? { vision: modalities.includes("image") } : {}),
      ...(parameters
        ? {
            tools: parameters.includes("tools"),
            json: parameters.includes("structured_outputs"),
            reasoning: parameters.includes("reasoning"),
          }
        : {}),
    },
  };
}

function ofReduced(model: v.InferOutput<typeof reducedSchema>): ListedModel {
  const { input_per_mtok: input, output_per_mtok: output, context_length, supports_tools, cache } = model;
  const times = (multiplier: number) => Number((input * multiplier).toPrecision(4));
  const [read, write] = [cache?.read_multiplier, cache?.write_multiplier];
  return {
    provider,
    name: model.model_id,
    price: {
      input,
      output,
      ...(typeof read === "number" ? { cachedInput: times(read) } : {}),
      ...(typeof write === "number" ? { cacheWrite: times(write) } : {}),
      ...(model.context_tiers ? { tiers: tiersOf(model.context_tiers) } : {}),
    },
    ...(context_length ? { contextTokens: context_length } : {}),
    capabilities: supports_tools === undefined ? {} : { tools: supports_tools },
  };
}

/** Each entry but the first begins where the one before it ends. */
function tiersOf(
  tiers: NonNullable<v.InferOutput<typeof reducedSchema>["context_tiers"]>,
): readonly ListedTier[] {
  return tiers.slice(1).flatMap((tier, k) => {
    const from = tiers[k]?.up_to_tokens;
    return typeof from === "number"
      ? [{ aboveInputTokens: from, input: tier.input_per_mtok, output: tier.output_per_mtok }]
      : [];
  });
}
