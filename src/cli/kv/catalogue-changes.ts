import type { Catalogue, CatalogueModel } from "../../core/catalogue.ts";
import { printable } from "../terminal.ts";
import { listedNames } from "./listed-names.ts";
import { describeProvider, providerAddresses } from "./provider-addresses.ts";

/** Everything that differs between two catalogues, a sentence a line. */
export function catalogueChanges(before: Catalogue, after: Catalogue): readonly string[] {
  return [
    ...describeNames("Catalogue models", Object.keys(before.models), Object.keys(after.models)),
    ...describeProviders(before, after),
    describePrices(before, after),
    ...describeFields(before, after),
  ];
}

function describeNames(what: string, before: readonly string[], after: readonly string[]): readonly string[] {
  const added = after.filter((name) => !before.includes(name));
  const removed = before.filter((name) => !after.includes(name));
  const parts = [
    ...(added.length > 0 ? [`added ${listedNames(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${listedNames(removed)}`] : []),
  ];
  return parts.length === 0 ? [] : [printable(`${what}: ${parts.join("; ")}.`)];
}

function describeProviders(before: Catalogue, after: Catalogue): readonly string[] {
  const old = new Map(providerAddresses(before).map((address) => [address.name, describeProvider(address)]));
  const next = new Map(providerAddresses(after).map((address) => [address.name, describeProvider(address)]));
  return [
    ...[...next].flatMap(([name, text]) => {
      const was = old.get(name);
      if (was === undefined) return [`New provider: ${text}.`];
      return was === text ? [] : [`Provider changed: ${was} -> ${text}.`];
    }),
    ...[...old].flatMap(([name, text]) => (next.has(name) ? [] : [`Provider removed: ${text}.`])),
  ];
}

function describePrices(before: Catalogue, after: Catalogue): string {
  const perMillion = ({ price: { input, cachedInput, output } }: CatalogueModel) =>
    `${input}/${output}${cachedInput === input ? "" : ` (cached ${cachedInput})`}`;
  const changed = commonModels(before, after).flatMap(([id, old, next]) =>
    perMillion(old) === perMillion(next) ? [] : [`${id} ${perMillion(old)} -> ${perMillion(next)}`],
  );
  return `Prices as of ${before.pricesAsOf} -> ${after.pricesAsOf}${
    changed.length === 0 ? "; none differs" : `, USD per million tokens in/out: ${changed.join(", ")}`
  }.`;
}

/** Every other field of a model, whatever fields there are, so that none can change in silence. */
function describeFields(before: Catalogue, after: Catalogue): readonly string[] {
  const byField = new Map<string, string[]>();
  for (const [id, old, next] of commonModels(before, after)) {
    for (const field of new Set([...Object.keys(old), ...Object.keys(next)])) {
      if (field === "price") continue;
      const [was, is] = [old, next].map((model) => JSON.stringify(model[field as keyof CatalogueModel]));
      if (was === is) continue;
      byField.set(field, [...(byField.get(field) ?? []), `${id} ${was ?? "none"} -> ${is ?? "none"}`]);
    }
  }
  return [...byField].map(([field, changes]) => printable(`${asInFiles(field)}: ${changes.join(", ")}.`));
}

function commonModels(
  before: Catalogue,
  after: Catalogue,
): readonly (readonly [string, CatalogueModel, CatalogueModel])[] {
  return Object.entries(after.models).flatMap(([id, next]) => {
    const old = Object.hasOwn(before.models, id) ? before.models[id] : undefined;
    return old === undefined ? [] : [[id, old, next] as const];
  });
}

/** contextTokens -> context_tokens, as catalogue.json writes it. */
function asInFiles(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
