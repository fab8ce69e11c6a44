import * as v from "valibot";
import type { ListedModel } from "../price-list.ts";

const usd = v.optional(v.number());
const modelSchema = v.looseObject({
  id: v.string(),
  cost: v.optional(
    v.looseObject({
      input: usd,
      output: usd,
      cache_read: usd,
      cache_write: usd,
      context_over_200k: v.optional(v.looseObject({ input: usd, output: usd, cache_read: usd })),
    }),
  ),
  limit: v.optional(v.looseObject({ context: v.optional(v.number()), output: v.optional(v.number()) })),
  modalities: v.optional(v.looseObject({ input: v.optional(v.array(v.string())) })),
  reasoning: v.optional(v.boolean()),
  tool_call: v.optional(v.boolean()),
  structured_output: v.optional(v.boolean()),
  release_date: v.optional(v.string()),
  status: v.optional(v.string()),
});

/** api.json of models.dev: providers, each with its models. USD per million tokens, as here. */
export const modelsDevSchema = v.record(
  v.string(),
  v.looseObject({ models: v.record(v.string(), v.unknown()) }),
);

export function readModelsDev(document: v.InferOutput<typeof modelsDevSchema>): readonly ListedModel[] {
  return Object.entries(document).flatMap(([provider, { models }]) =>
    Object.values(models).flatMap((value) => {
      const model = v.safeParse(modelSchema, value);
      return model.success ? [toListed(provider, model.output)] : [];
    }),
  );
}

const LONG_TOKENS = 200_000;

function toListed(provider: string, model: v.InferOutput<typeof modelSchema>): ListedModel {
  const { cost, limit, modalities, reasoning, tool_call, structured_output, release_date } = model;
  const { input: longInput, output: longOutput, cache_read: longRead } = cost?.context_over_200k ?? {};
  return {
    provider,
    name: model.id,
    price: {
      ...(cost?.input === undefined ? {} : { input: cost.input }),
      ...(cost?.output === undefined ? {} : { output: cost.output }),
      ...(cost?.cache_read === undefined ? {} : { cachedInput: cost.cache_read }),
      ...(cost?.cache_write === undefined ? {} : { cacheWrite: cost.cache_write }),
      ...(longInput === undefined || longOutput === undefined
        ? {}
        : {
            tiers: [
              {
                aboveInputTokens: LONG_TOKENS,
                input: longInput,
                output: longOutput,
                ...(longRead === undefined ? {} : { cachedInput: longRead }),
              },
            ],
          }),
    },
    ...((limit?.context ?? 0) > 0 ? { contextTokens: limit?.context as number } : {}),
    ...((limit?.output ?? 0) > 0 ? { maxOutputTokens: limit?.output as number } : {}),
    capabilities: {
      ...(modalities?.input === undefined ? {} : { vision: modalities.input.includes("image") }),
      ...(tool_call === undefined ? {} : { tools: tool_call }),
      ...(structured_output === undefined ? {} : { json: structured_output }),
      ...(reasoning === undefined ? {} : { reasoning }),
    },
    ...(release_date !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(release_date)
      ? { released: release_date }
      : {}),
    isDeprecated: model.status === "deprecated",
  };
}
