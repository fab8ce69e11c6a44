import type { Capability } from "../core/catalogue.ts";

/** What a price list says of one model at one provider; what it does not say is absent. USD per million tokens. */
export interface ListedModel {
  /** The list's own name of the provider. */
  readonly provider: string;
  /** The name that the provider calls the model. */
  readonly name: string;
  readonly price: {
    readonly input?: number;
    readonly cachedInput?: number;
    readonly cacheWrite?: number;
    readonly output?: number;
    readonly tiers?: readonly ListedTier[];
  };
  /** Input and output together. */
  readonly contextTokens?: number;
  /** The input alone, where the list says no more. */
  readonly maxInputTokens?: number;
  readonly maxOutputTokens?: number;
  /** True or false only where the list says so. */
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>;
  readonly released?: string;
  readonly retiresOn?: string;
  readonly isDeprecated?: boolean;
}

export interface ListedTier {
  readonly aboveInputTokens: number;
  readonly input: number;
  readonly cachedInput?: number;
  readonly output: number;
}

export interface PriceList {
  readonly kind: PriceListKind;
  /** The day that the list itself names. */
  readonly asOf?: string;
  readonly models: readonly ListedModel[];
}

export const priceListKinds = ["litellm", "models.dev", "openrouter"] as const;
export type PriceListKind = (typeof priceListKinds)[number];

/** Without what rounding of prices per token leaves behind: 2.5e-7 a token is 0.25 a million. */
export function perMillion(usdPerToken: number): number {
  return Number((usdPerToken * 1e6).toPrecision(9));
}

/** By the host of a provider's address, which is the same in every catalogue: how each list calls the provider. */
const providersByHost: Readonly<Record<string, Partial<Record<PriceListKind, string>>>> = {
  "api.openai.com": { litellm: "openai", "models.dev": "openai" },
  "api.anthropic.com": { litellm: "anthropic", "models.dev": "anthropic" },
  "generativelanguage.googleapis.com": { litellm: "gemini", "models.dev": "google" },
  "api.mistral.ai": { litellm: "mistral", "models.dev": "mistral" },
  "api.together.xyz": { litellm: "together_ai", "models.dev": "togetherai" },
  "api.deepseek.com": { litellm: "deepseek", "models.dev": "deepseek" },
  "api.x.ai": { litellm: "xai", "models.dev": "xai" },
  "api.moonshot.ai": { litellm: "moonshot", "models.dev": "moonshotai" },
  "api.z.ai": { litellm: "zai", "models.dev": "zai" },
  "api.minimax.io": { litellm: "minimax", "models.dev": "minimax" },
  "dashscope-intl.aliyuncs.com": { litellm: "dashscope", "models.dev": "alibaba" },
  "api.groq.com": { litellm: "groq", "models.dev": "groq" },
  "api.fireworks.ai": { litellm: "fireworks_ai", "models.dev": "fireworks-ai" },
  "api.cerebras.ai": { litellm: "cerebras", "models.dev": "cerebras" },
  "api.novita.ai": { litellm: "novita", "models.dev": "novita-ai" },
  "integrate.api.nvidia.com": { litellm: "nvidia_nim", "models.dev": "nvidia" },
  "api.cohere.ai": { litellm: "cohere_chat", "models.dev": "cohere" },
  "openrouter.ai": { litellm: "openrouter", "models.dev": "openrouter", openrouter: "openrouter" },
};

/** The list's name of the provider at an address; undefined where the list does not know it. */
export function listedProvider(kind: PriceListKind, baseUrl: string): string | undefined {
  const { hostname } = new URL(baseUrl);
  return Object.hasOwn(providersByHost, hostname) ? providersByHost[hostname]?.[kind] : undefined;
}
