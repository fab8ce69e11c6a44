import { applyEdits, modify } from "jsonc-parser";
import type { CatalogueDocument } from "../contract/catalogue.ts";
import type { Fact } from "../core/catalogue.ts";
import { findListed } from "./find-listed.ts";
import { type Change, changesOf, factsOf, type ModelDocument } from "./model-changes.ts";
import type { PriceList } from "./price-list.ts";

export interface Refreshed {
  /** The file, with nothing else changed than what the list says otherwise and where that comes from. */
  readonly text: string;
  readonly changes: readonly Change[];
  /** What the list says otherwise, but the catalogue knows from a later day. */
  readonly outdated: readonly Change[];
  /** Models that the list has. */
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/** What a list is called in `sources`, and its day. */
export interface ListSource {
  readonly from: string;
  readonly as_of: string;
}

/** Brings prices, limits and dates of a catalogue to what a price list says. */
export function refreshCatalogue(
  text: string,
  document: CatalogueDocument,
  list: PriceList,
  source: ListSource,
): Refreshed {
  const find = findListed(document, list);
  let refreshed = text;
  const changes: Change[] = [];
  const outdated: Change[] = [];
  const found: string[] = [];
  const missing: string[] = [];
  for (const [model, entry] of Object.entries(document.models)) {
    const listed = find(entry.provider, entry.upstream);
    if (listed === undefined) {
      missing.push(model);
      continue;
    }
    found.push(model);
    const isLater = (fact: Fact) => (entry.sources?.[fact]?.as_of ?? "") > source.as_of;
    for (const change of changesOf(model, entry, listed)) {
      if (isLater(change.fact)) {
        outdated.push(change);
        continue;
      }
      changes.push(change);
      refreshed = setField(refreshed, ["models", model, ...change.path], change.after);
    }
    const confirmed = factsOf(listed).filter((fact) => !isLater(fact));
    if (confirmed.length > 0)
      refreshed = setField(refreshed, ["models", model, "sources"], sourcesOf(entry, confirmed, source));
  }
  const oldest = oldestPrices(refreshed);
  if (oldest !== undefined) refreshed = setField(refreshed, ["prices_as_of"], oldest);
  return { text: refreshed, changes, outdated, found, missing };
}

function sourcesOf({ sources }: ModelDocument, confirmed: readonly Fact[], source: ListSource) {
  return { ...sources, ...Object.fromEntries(confirmed.map((fact) => [fact, source])) };
}

/** The day of the price that was read longest ago; undefined where one has no day. */
function oldestPrices(text: string): string | undefined {
  const { models } = JSON.parse(text) as CatalogueDocument;
  const days = Object.values(models).map(({ sources }) => sources?.prices?.as_of);
  return days.every((day) => day !== undefined) ? days.toSorted()[0] : undefined;
}

const formattingOptions = { insertSpaces: true, tabSize: 2 };

/** One field of a JSON file, leaving how the rest is written as it is. */
export function setField(text: string, path: readonly string[], value: unknown): string {
  return applyEdits(text, modify(text, [...path], value, { formattingOptions }));
}
