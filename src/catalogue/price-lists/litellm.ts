import * as v from "valibot";
import { type ListedModel, type ListedTier, perMillion } from "../price-list.ts";

const usd = v.optional(v.nullable(v.number()));
const entrySchema = v.looseObject({
  litellm_provider: v.optional(v.string()),
  mode: v.optional(v.string()),
  input_cost_per_token: usd,
  output_cost_per_token: usd,
  cache_read_input_token_cost: usd,
  cache_creation_input_token_cost: usd,
  max_input_tokens: v.optional(v.nullable(v.union([v.number(), v.string()]))),
  max_output_tokens: v.optional(v.nullable(v.union([v.number(), v.string()]))),
  deprecation_date: v.optional(v.nullable(v.string())),
  supports_vision: v.optional(v.nullable(v.boolean())),
  supports_function_calling: v.optional(v.nullable(v.boolean())),
  supports_response_schema: v.optional(v.nullable(v.boolean())),
  supports_reasoning: v.optional(v.nullable(v.boolean())),
});

/** Of the entries that are no model: an example of every field. */
const EXAMPLE = "sample_spec";
const answeringModes: ReadonlySet<string | undefined> = new Set(["chat", "responses", undefined]);

/** model_prices_and_context_window.json of LiteLLM. */
export const litellmSchema = v.record(v.string(), v.unknown());

export function readLitellm(document: v.InferOutput<typeof litellmSchema>): readonly ListedModel[] {
  return Object.entries(document).flatMap(([key, value]) => {
    const entry = v.safeParse(entrySchema, value);
    if (key === EXAMPLE || !entry.success || !answeringModes.has(entry.output.mode)) return [];
    return toListed(key, entry.output) ?? [];
  });
}

function toListed(key: string, entry: v.InferOutput<typeof entrySchema>): ListedModel | undefined {
  const { litellm_provider: provider, deprecation_date: retiresOn } = entry;
  if (provider === undefined) return undefined;
  const { max_input_tokens: maxInput, max_output_tokens: maxOutput } = entry;
  return {
    provider,
    name: key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key,
    price: {
      ...optional("input", entry.input_cost_per_token),
      ...optional("output", entry.output_cost_per_token),
      ...optional("cachedInput", entry.cache_read_input_token_cost),
      ...optional("cacheWrite", entry.cache_creation_input_token_cost),
      tiers: tiersOf(entry),
    },
    ...(typeof maxInput === "number" ? { maxInputTokens: maxInput } : {}),
    ...(typeof maxOutput === "number" ? { maxOutputTokens: maxOutput } : {}),
    capabilities: {
      ...(entry.supports_vision === true ? { vision: true } : {}),
      ...(entry.supports_function_calling === true ? { tools: true } : {}),
      ...(entry.supports_response_schema === true ? { json: true } : {}),
      ...(entry.supports_reasoning === true ? { reasoning: true } : {}),
    },
    ...(retiresOn && /^\d{4}-\d{2}-\d{2}$/.test(retiresOn) ? { retiresOn } : {}),
  };
}

function optional(
  name: "input" | "output" | "cachedInput" | "cacheWrite",
  usdPerToken: number | null | undefined,
) {
  return typeof usdPerToken === "number" ? { [name]: perMillion(usdPerToken) } : {};
}

/** `input_cost_per_token_above_272k_tokens` and its like. */
function tiersOf(entry: Readonly<Record<string, unknown>>): readonly ListedTier[] {
  const thousands = Object.keys(entry).flatMap((key) => {
    const found = /^input_cost_per_token_above_(\d+)k_tokens$/.exec(key);
    return found === null ? [] : [Number(found[1])];
  });
  return thousands
    .sort((a, b) => a - b)
    .flatMap((k) => {
      const read = (kind: string) => entry[`${kind}_above_${k}k_tokens`];
      const [input, output, cached] = [
        "input_cost_per_token",
        "output_cost_per_token",
        "cache_read_input_token_cost",
      ].map(read);
      if (typeof input !== "number" || typeof output !== "number") return [];
      return [
        {
          aboveInputTokens: k * 1000,
          input: perMillion(input),
          ...(typeof cached === "number" ? { cachedInput: perMillion(cached) } : {}),
          output: perMillion(output),
        },
      ];
    });
}
