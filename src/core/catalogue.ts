import type { Accepts } from "./accepts.ts";

/** What is publicly known of a model, apart from how good it is: prices, limits, capabilities. */
export interface CatalogueModel {
  /** Other names under which outcome files and requests know the same model. */
  readonly aliases: readonly string[];
  /** Key of `Catalogue.providers`. */
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly upstream: string;
  readonly price: Price;
  /** Input and output tokens together. */
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly capabilities: readonly Capability[];
  /** Output tokens a call that are billed but not part of the answer, such as hidden reasoning; often a rough guess. */
  readonly unseenOutputTokens: number;
  readonly parametersBillion?: number;
  readonly license?: string;
  /** Days are ISO 8601, in UTC. */
  readonly released?: string;
  /** The first day on which the provider no longer serves it. */
  readonly retiresOn?: string;
  readonly status?: ModelStatus;
  /** The model of this catalogue that its maker names in its place. */
  readonly replacedBy?: string;
  readonly speed?: Speed;
  /** Set where the same upstream stands in the catalogue more than once, each time told to think more or less. */
  readonly variant?: Variant;
  /** Where the facts come from. */
  readonly sources?: Readonly<Partial<Record<Fact, Source>>>;
  /** Other providers of the same model, in order of preference after `provider`. */
  readonly alsoAt?: readonly Place[];
  /** What its providers are asked in the order of; of preference where this is left out. */
  readonly providersBy?: ProvidersBy;
  /** What its API takes of a request; everything where this is left out. */
  readonly accepts?: Accepts;
}

/** A model at one of its providers. */
export interface Place {
  readonly provider: string;
  readonly upstream: string;
  /** The model's own where this is left out. */
  readonly price?: Price;
}

export const providerOrders = ["preference", "price"] as const;
export type ProvidersBy = (typeof providerOrders)[number];

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  /** Input tokens that the provider has in its prompt cache; the input price where it has none. */
  readonly cachedInput: number;
  readonly output: number;
  /** Input tokens that the caller asks to be put into the cache, where that has a price of its own. */
  readonly cacheWrite?: number;
  /** What a call costs whose input is longer than `aboveInputTokens`, rising; the whole call, not the tokens above. */
  readonly tiers?: readonly PriceTier[];
}

export interface PriceTier extends Pick<Price, "input" | "cachedInput" | "output"> {
  readonly aboveInputTokens: number;
}

export const modelStatuses = ["preview", "active", "deprecated", "retired"] as const;
export type ModelStatus = (typeof modelStatuses)[number];

export interface Speed {
  readonly tokensPerSecond?: number;
  readonly secondsToFirstToken?: number;
}

/** A model told how much to think. */
export interface Variant {
  /** The id of the model as it is without being told. */
  readonly of: string;
  readonly effort: string;
  /** Fields that the request to the provider gets, where the caller has not set them. */
  readonly request: Readonly<Record<string, unknown>>;
}

export const facts = ["prices", "limits", "dates", "speed", "unseen_output_tokens"] as const;
export type Fact = (typeof facts)[number];

export interface Source {
  /** A price list, a page or a measurement. */
  readonly from: string;
  /** The day it was read or measured, ISO 8601. */
  readonly asOf: string;
}

export const capabilities = ["vision", "tools", "json", "reasoning", "files", "audio"] as const;
export type Capability = (typeof capabilities)[number];

/** Forms of request and answer that providers speak. */
export const surfaceNames = ["chat", "responses", "messages"] as const;
export type SurfaceName = (typeof surfaceNames)[number];

/** Headers that a key may go in; `authorization` has it behind `Bearer`. */
export const keyHeaders = ["authorization", "x-api-key", "api-key"] as const;
type KeyHeader = (typeof keyHeaders)[number];

export interface SurfaceAddress {
  /** Base URL, up to and including the version; may hold names of variables in braces. */
  readonly baseUrl: string;
  readonly keyHeader: KeyHeader;
}

export interface Provider {
  /** Base URL of its API, up to and including its version. */
  readonly baseUrl: string;
  /** Name of the Worker secret that holds the key. */
  readonly keyName: string;
  /** What it speaks, and where. */
  readonly surfaces: Readonly<Partial<Record<SurfaceName, SurfaceAddress>>>;
}

export interface Catalogue {
  readonly formatVersion: 1;
  /** The day the prices were read, ISO 8601. */
  readonly pricesAsOf: string;
  readonly providers: Readonly<Record<string, Provider>>;
  /** By model id; the ids are the names that bundles and decisions use. */
  readonly models: Readonly<Record<string, CatalogueModel>>;
}

/** Every name of every model -> its id. Ids win over aliases. */
export function catalogueNames(catalogue: Catalogue): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [id, { aliases }] of Object.entries(catalogue.models)) {
    for (const alias of aliases) names.set(alias, id);
  }
  for (const id of Object.keys(catalogue.models)) names.set(id, id);
  return names;
}

/**
 * Which of `models` a list of names and wildcards means. `*` stands for any run of characters.
 * @returns the chosen ids in the order of `models`, and the patterns that meant none of them.
 */
export function matchModels(
  models: readonly string[],
  names: ReadonlyMap<string, string>,
  patterns: readonly string[],
): { readonly matched: ReadonlySet<string>; readonly unmatched: readonly string[] } {
  const matched = new Set<string>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const hits = pattern.includes("*")
      ? models.filter((model) => matchesWildcard(model, pattern))
      : models.filter((model) => model === (names.get(pattern) ?? pattern));
    if (hits.length === 0) unmatched.push(pattern);
    for (const hit of hits) matched.add(hit);
  }
  return { matched, unmatched };
}

// Linear in the text: each literal piece is searched for from where the one before it ended, so no pattern
// that a caller sends can make it slow.
function matchesWildcard(text: string, pattern: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces[0] as string;
  const last = pieces.at(-1) as string;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let position = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, position);
    if (found < 0 || found + piece.length > text.length - last.length) return false;
    position = found + piece.length;
  }
  return true;
}

/** Stands in where no catalogue is at hand: every model is free, unlimited and of unknown capabilities. */
export function catalogueWithoutPrices(models: readonly string[]): Catalogue {
  const model: CatalogueModel = {
    aliases: [],
    provider: "unknown",
    upstream: "unknown",
    price: { input: 0, cachedInput: 0, output: 0 },
    contextTokens: Number.MAX_SAFE_INTEGER,
    maxOutputTokens: Number.MAX_SAFE_INTEGER,
    capabilities: [],
    unseenOutputTokens: 0,
  };
  return {
    formatVersion: 1,
    pricesAsOf: "",
    providers: {},
    models: Object.fromEntries(models.map((id) => [id, model])),
  };
}
