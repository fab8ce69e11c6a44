import type { Model } from "../api/model.ts";
import { type Settings, words } from "./settings.ts";

/** What is wrong with the text of a filter, as a sentence; what is right is left out. */
export interface FilterFaults {
  readonly models?: string;
  readonly exclude?: string;
  readonly ceiling?: string;
}

/** @param models of the Worker; while there are none, no name is called wrong */
export function filterFaults(settings: Settings, models: readonly Model[]): FilterFaults {
  const unknown = (text: string) => words(text).filter((word) => !isKnown(word, models));
  const faults = {
    models: sentence(unknown(settings.models)),
    exclude: sentence(unknown(settings.exclude)),
    ceiling: ceilingFault(settings.ceiling),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined));
}

function isKnown(word: string, models: readonly Model[]): boolean {
  if (models.length === 0) return true;
  const literal = word.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${literal.join(".*")}$`);
  return models.some(({ id, aliases = [] }) => [id, ...aliases].some((name) => pattern.test(name)));
}

function sentence(unknown: readonly string[]): string | undefined {
  if (unknown.length === 0) return undefined;
  return `No model here is called ${unknown.map((word) => `“${word}”`).join(" or ")}.`;
}

function ceilingFault(text: string): string | undefined {
  if (text.trim() === "" || Number(text) > 0) return undefined;
  return "This must be a number above 0, such as 2.50; until it is one, there is no ceiling.";
}
