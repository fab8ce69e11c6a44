import type { CatalogueDocument } from "../contract/catalogue.ts";
import { capabilities, type Fact } from "../core/catalogue.ts";
import type { ListedModel } from "./price-list.ts";

export type ModelDocument = CatalogueDocument["models"][string];

/** One field of a model that a list says otherwise. */
export interface Change {
  readonly model: string;
  readonly fact: Fact;
  /** Within the model's entry. */
  readonly path: readonly string[];
  readonly before: unknown;
  /** Undefined where the field goes. */
  readonly after: unknown;
}

/** What a list says otherwise of one model. What it does not speak of stays. */
export function changesOf(model: string, entry: ModelDocument, listed: ListedModel): readonly Change[] {
  const { usd_per_million_tokens: price } = entry;
  const set = (fact: Fact, path: readonly string[], before: unknown, after: unknown): readonly Change[] =>
    after === undefined || isSame(before, after) ? [] : [{ model, fact, path, before, after }];
  const priced = (name: "input" | "cached_input" | "cache_write" | "output", after: number | undefined) =>
    set("prices", ["usd_per_million_tokens", name], price[name], after);
  return [
    ...priced("input", listed.price.input),
    ...priced("cached_input", listed.price.cachedInput),
    ...priced("cache_write", listed.price.cacheWrite),
    ...priced("output", listed.price.output),
    ...tierChanges(model, price.tiers, listed),
    ...set("limits", ["context_tokens"], entry.context_tokens, contextOf(entry, listed)),
    ...set("limits", ["max_output_tokens"], entry.max_output_tokens, listed.maxOutputTokens),
    ...set("limits", ["capabilities"], entry.capabilities, capabilitiesOf(entry, listed)),
    ...set("dates", ["released"], entry.released, listed.released),
    ...set("dates", ["retires_on"], entry.retires_on, listed.retiresOn),
    ...set("dates", ["status"], entry.status, listed.isDeprecated ? "deprecated" : undefined),
  ];
}

/** The facts that a list speaks of, whether or not it says otherwise. */
export function factsOf({
  price,
  contextTokens,
  maxInputTokens,
  released,
  retiresOn,
}: ListedModel): readonly Fact[] {
  return [
    ...(price.input === undefined ? [] : (["prices"] as const)),
    ...(contextTokens === undefined && maxInputTokens === undefined ? [] : (["limits"] as const)),
    ...(released === undefined && retiresOn === undefined ? [] : (["dates"] as const)),
  ];
}

function tierChanges(
  model: string,
  before: ModelDocument["usd_per_million_tokens"]["tiers"],
  { price }: ListedModel,
): readonly Change[] {
  if (price.tiers === undefined || price.input === undefined) return [];
  const tiers = price.tiers.map(({ aboveInputTokens, input, cachedInput, output }) => ({
    above_input_tokens: aboveInputTokens,
    input,
    ...(cachedInput === undefined ? {} : { cached_input: cachedInput }),
    output,
  }));
  const after = tiers.length === 0 ? undefined : tiers;
  return isSame(before, after)
    ? []
    : [{ model, fact: "prices", path: ["usd_per_million_tokens", "tiers"], before, after }];
}

/** A list that tells the input alone leaves open how much of the answer fits in beside it. */
function contextOf(
  { context_tokens: context }: ModelDocument,
  { contextTokens, maxInputTokens, maxOutputTokens }: ListedModel,
): number | undefined {
  if (contextTokens !== undefined || maxInputTokens === undefined) return contextTokens;
  return Math.min(Math.max(context, maxInputTokens), maxInputTokens + (maxOutputTokens ?? 0));
}

function capabilitiesOf(entry: ModelDocument, listed: ListedModel): ModelDocument["capabilities"] {
  return capabilities.filter((name) => listed.capabilities[name] ?? entry.capabilities.includes(name));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

// Capabilities are a set, whatever order they stand in.
function sorted(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value.toSorted() : value;
}

/** One line for a person. */
export function describeChange({ model, path, before, after }: Change): string {
  const name = names[path.at(-1) as string] ?? path.join(".");
  if (after === undefined) return `${model}: ${name} ${show(before)} is gone`;
  return before === undefined
    ? `${model}: ${name} is ${show(after)}, was not known`
    : `${model}: ${name} ${show(before)} -> ${show(after)}`;
}

const names: Readonly<Record<string, string>> = {
  input: "input price",
  cached_input: "price of cached input",
  cache_write: "price of writing to the cache",
  output: "output price",
  tiers: "prices of long input",
  context_tokens: "context",
  max_output_tokens: "longest output",
  capabilities: "capabilities",
  released: "day of release",
  retires_on: "last day",
  status: "status",
};

function show(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return value.join(", ") || "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
