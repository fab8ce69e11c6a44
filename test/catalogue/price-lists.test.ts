import { expect, test } from "vitest";
import { listedProvider } from "../../src/catalogue/price-list.ts";
import { readPriceList } from "../../src/catalogue/read-price-list.ts";
import { listOf } from "./lists.ts";

test("LiteLLM's form: prices per token, tiers by their names, input and output apart", () => {
  const { models } = listOf("litellm", {
    sample_spec: { litellm_provider: "one of", mode: "one of" },
    "acme/four": {
      litellm_provider: "acme",
      mode: "chat",
      input_cost_per_token: 2.5e-7,
      output_cost_per_token: 1.25e-6,
      cache_read_input_token_cost: 2.5e-8,
      cache_creation_input_token_cost: 3.1e-7,
      input_cost_per_token_above_200k_tokens: 5e-7,
      output_cost_per_token_above_200k_tokens: 2e-6,
      input_cost_per_token_above_200k_tokens_batches: 1e-7,
      max_input_tokens: 1_000_000,
      max_output_tokens: 64_000,
      deprecation_date: "2027-01-14",
      supports_function_calling: true,
      supports_vision: false,
    },
    "acme/picture": { litellm_provider: "acme", mode: "image_generation" },
    broken: { litellm_provider: 3 },
  });
  expect(models).toEqual([
    {
      provider: "acme",
      name: "four",
      price: {
        input: 0.25,
        output: 1.25,
        cachedInput: 0.025,
        cacheWrite: 0.31,
        tiers: [{ aboveInputTokens: 200_000, input: 0.5, output: 2 }],
      },
      maxInputTokens: 1_000_000,
      maxOutputTokens: 64_000,
      // What it does not have is not said: the list only names what is there.
      capabilities: { tools: true },
      retiresOn: "2027-01-14",
    },
  ]);
});

test("models.dev's form: by provider, with what a model cannot do", () => {
  const { models } = listOf("models.dev", {
    acme: {
      models: {
        four: {
          id: "four",
          cost: { input: 2, output: 8, cache_read: 0.2, context_over_200k: { input: 4, output: 12 } },
          limit: { context: 400_000, output: 128_000 },
          modalities: { input: ["text", "image"] },
          reasoning: false,
          tool_call: true,
          release_date: "2026-03-05",
          status: "deprecated",
        },
        young: { id: "young", release_date: "2026-01" },
      },
    },
  });
  expect(models[0]).toEqual({
    provider: "acme",
    name: "four",
    price: {
      input: 2,
      output: 8,
      cachedInput: 0.2,
      tiers: [{ aboveInputTokens: 200_000, input: 4, output: 12 }],
    },
    contextTokens: 400_000,
    maxOutputTokens: 128_000,
    capabilities: { vision: true, tools: true, reasoning: false },
    released: "2026-03-05",
    isDeprecated: true,
  });
  expect(models[1]).toMatchObject({ name: "young", price: {} });
  expect(models[1]).not.toHaveProperty("released");
});

test("OpenRouter's own form, dollars as text", () => {
  const { models } = listOf("openrouter", {
    data: [
      {
        id: "acme/four",
        context_length: 131_072,
        pricing: { prompt: "0.0000005", completion: "0.000002", input_cache_read: "0.00000005" },
        top_provider: { max_completion_tokens: 32_768 },
        architecture: { input_modalities: ["text"] },
        supported_parameters: ["tools", "reasoning"],
      },
    ],
  });
  expect(models).toEqual([
    {
      provider: "openrouter",
      name: "acme/four",
      price: { input: 0.5, output: 2, cachedInput: 0.05 },
      contextTokens: 131_072,
      maxOutputTokens: 32_768,
      capabilities: { vision: false, tools: true, json: false, reasoning: true },
    },
  ]);
});

test("OpenRouter's list as others reduce it, with its day", () => {
  const list = listOf("openrouter", {
    as_of: "2026-10-05",
    models: [
      {
        model_id: "acme/four",
        input_per_mtok: 0.32,
        output_per_mtok: 1.28,
        context_length: 1_000_000,
        supports_tools: true,
        cache: { read_multiplier: 0.25, write_multiplier: 1.25 },
        context_tiers: [
          { up_to_tokens: 256_000, input_per_mtok: 0.32, output_per_mtok: 1.28 },
          { up_to_tokens: null, input_per_mtok: 0.96, output_per_mtok: 3.84 },
        ],
      },
    ],
  });
  expect(list.asOf).toBe("2026-10-05");
  expect(list.models[0]?.price).toEqual({
    input: 0.32,
    output: 1.28,
    cachedInput: 0.08,
    cacheWrite: 0.4,
    tiers: [{ aboveInputTokens: 256_000, input: 0.96, output: 3.84 }],
  });
});

test.each([
  ["litellm", "[]"],
  ["models.dev", '{"acme": 3}'],
  ["openrouter", '{"models": 3}'],
  ["litellm", '{"acme": {"price": 1}}'],
  ["openrouter", "{"],
] as const)("a file that is no list of %s is refused: %s", (kind, text) => {
  const list = readPriceList(kind, new TextEncoder().encode(text));
  expect(list).toMatchObject({ ok: false, failure: { code: "price_list_invalid" } });
});

test("a provider is known by its address, whatever a catalogue calls it", () => {
  expect(listedProvider("litellm", "https://generativelanguage.googleapis.com/v1beta/openai")).toBe("gemini");
  expect(listedProvider("models.dev", "https://openrouter.ai/api/v1")).toBe("openrouter");
  // OpenRouter's prices are those of calls through OpenRouter.
  expect(listedProvider("openrouter", "https://api.openai.com/v1")).toBeUndefined();
  expect(listedProvider("litellm", "https://llm.acme.example/v1")).toBeUndefined();
});
