import { readFile } from "node:fs/promises";
import { type CatalogueDocument, parseCatalogue, parseCatalogueDocument } from "../contract/catalogue.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { bundledRouterDirectory } from "./encoder.ts";
import { unwrap } from "./failure.ts";
import { cataloguePath } from "./router-folder.ts";

/** What is known of models while a router is trained. */
export interface KnownModels {
  readonly catalogue: Catalogue;
  readonly document: CatalogueDocument;
  readonly bytes: Uint8Array;
  /** The catalogue that was named with --catalogue; without one, that of the default router is asked for names and prices. */
  readonly file: string | undefined;
}

export async function readKnownModels(file: string | undefined): Promise<KnownModels> {
  const bytes = await readFile(file ?? cataloguePath(bundledRouterDirectory));
  return {
    file,
    bytes,
    catalogue: unwrap(parseCatalogue(bytes)),
    document: unwrap(parseCatalogueDocument(bytes)),
  };
}

/** What nobody but the operator knows of a model; null, since a price of 0 would be a price. */
const UNFILLED = {
  provider: null,
  usd_per_million_tokens: { input: null, output: null },
  context_tokens: null,
  max_output_tokens: null,
  capabilities: [],
};

/** The catalogue of a router that was trained without one: known entries as they are, the others to be filled in. */
export function catalogueSkeleton(models: readonly string[], { document }: KnownModels): string {
  const entries = models.map((model) => [model, document.models[model] ?? { ...UNFILLED, upstream: model }]);
  return `${JSON.stringify({ ...document, models: withoutLostReplacements(Object.fromEntries(entries)) }, null, 2)}\n`;
}

/** An entry may name the model that replaces it, which must be in the catalogue too. */
function withoutLostReplacements(models: Record<string, object>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(models).map(([id, model]) => {
      const { replaced_by, ...rest } = model as { readonly replaced_by?: string };
      const isKept = replaced_by === undefined || Object.hasOwn(models, replaced_by);
      return [id, isKept ? model : rest];
    }),
  );
}

/** Of a catalogue that isn't filled in: for each model, the fields that are null. */
export function unfilledFields(catalogue: unknown): ReadonlyMap<string, readonly string[]> {
  const unfilled = new Map<string, readonly string[]>();
  const { models } = (catalogue ?? {}) as { readonly models?: Readonly<Record<string, unknown>> };
  for (const [id, model] of Object.entries(models ?? {})) {
    const fields = nullFields(model, "");
    if (fields.length > 0) unfilled.set(id, fields);
  }
  return unfilled;
}

function nullFields(value: unknown, path: string): readonly string[] {
  if (value === null) return [path];
  if (typeof value !== "object" || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    nullFields(item, path === "" ? name : `${path}.${name}`),
  );
}
