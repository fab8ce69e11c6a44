import type { PriceList, PriceListKind } from "../../src/catalogue/price-list.ts";
import { readPriceList } from "../../src/catalogue/read-price-list.ts";
import { type CatalogueDocument, parseCatalogueDocument } from "../../src/contract/catalogue.ts";
import type { Result } from "../../src/core/result.ts";

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

/** A price list as its file would be. */
export function listOf(kind: PriceListKind, document: unknown): PriceList {
  return unwrap(readPriceList(kind, new TextEncoder().encode(JSON.stringify(document))));
}

export function documentOf(text: string): CatalogueDocument {
  return unwrap(parseCatalogueDocument(new TextEncoder().encode(text)));
}
