import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import type { PriceList, PriceListKind } from "../../catalogue/price-list.ts";
import { priceListKinds } from "../../catalogue/price-list.ts";
import type { ListSource } from "../../catalogue/refresh.ts";
import { type CatalogueDocument, parseCatalogue, parseCatalogueDocument } from "../../contract/catalogue.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { dayOf } from "../../core/service-life.ts";
import { bundledRouterDirectory } from "../encoder.ts";
import { CommandFailure, unwrap } from "../failure.ts";

export interface CatalogueOptions {
  readonly catalogue: string;
  readonly json?: boolean;
}

export interface ListOptions extends CatalogueOptions {
  readonly from: PriceListKind;
  readonly asOf?: string;
}

export function withCatalogue(command: Command): Command {
  return command
    .option("--catalogue <file>", "catalogue to look at", join(bundledRouterDirectory, "catalogue.json"))
    .option("--json", "print one JSON document");
}

export function withPriceList(command: Command): Command {
  return withCatalogue(command)
    .addOption(
      new Option("--from <list>", "whose form the price list has")
        .choices(priceListKinds)
        .makeOptionMandatory(),
    )
    .option("--as-of <day>", "day of the price list; today, where the list names none");
}

/** A catalogue as text, as it is written, and as it is used. */
export interface CatalogueFile {
  readonly text: string;
  readonly document: CatalogueDocument;
  readonly catalogue: Catalogue;
}

export async function readCatalogueFile(path: string): Promise<CatalogueFile> {
  const bytes = await readFile(path);
  const document = unwrap(parseCatalogueDocument(bytes));
  return { text: bytes.toString("utf8"), document, catalogue: unwrap(parseCatalogue(document)) };
}

/** A price list from a file or an https address, and what it is called in `sources`. */
export async function readList(
  place: string,
  { from, asOf }: Pick<ListOptions, "from" | "asOf">,
): Promise<{ readonly list: PriceList; readonly source: ListSource }> {
  const { readPriceList } = await import("../../catalogue/read-price-list.ts");
  const isAddress = /^https:\/\//.test(place);
  const list = unwrap(readPriceList(from, isAddress ? await download(place) : await readFile(place)));
  const source = { from: isAddress ? place : basename(place), as_of: asOf ?? list.asOf ?? dayOf(Date.now()) };
  return { list, source };
}

async function download(address: string): Promise<Uint8Array> {
  const response = await fetch(address, { signal: AbortSignal.timeout(30_000) }).catch((error: Error) => {
    const { message } = error.cause instanceof Error ? error.cause : error;
    throw new CommandFailure({
      code: "not_reachable",
      message: `${address} cannot be reached (${message}); download it elsewhere, and give the file`,
    });
  });
  if (!response.ok) {
    throw new CommandFailure({ code: "not_reachable", message: `${address} answers ${response.status}` });
  }
  return new Uint8Array(await response.arrayBuffer());
}
