import type { CatalogueDocument } from "../contract/catalogue.ts";
import { type ListedModel, listedProvider, type PriceList } from "./price-list.ts";

/** How a price list calls a model: provider and the provider's name of it. */
export type FindListed = (provider: string, upstream: string) => ListedModel | undefined;

/** Looks models of a catalogue up in a list, by the address of their provider and their name there. */
export function findListed({ providers }: CatalogueDocument, { kind, models }: PriceList): FindListed {
  const byName = new Map<string, ListedModel>();
  for (const listed of models) {
    const key = keyOf(listed.provider, listed.name);
    if (!byName.has(key)) byName.set(key, listed);
  }
  return (provider, upstream) => {
    const baseUrl = Object.hasOwn(providers, provider) ? providers[provider]?.base_url : undefined;
    const listed = baseUrl === undefined ? undefined : listedProvider(kind, baseUrl);
    return listed === undefined ? undefined : byName.get(keyOf(listed, upstream));
  };
}

function keyOf(provider: string, name: string): string {
  return `${provider} ${name.toLowerCase()}`;
}
