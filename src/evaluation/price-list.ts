import { parseCatalogue } from "../contract/catalogue.ts";
import { type CatalogueModel, catalogueNames } from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { readBytes } from "./load-outcomes.ts";
import type { ListedPrice, PriceList } from "./prices.ts";

/** Reads a price list; the failure names the file. */
export async function readPriceList(
  file: string,
): Promise<Result<PriceList, "unreadable_file" | "bad_prices">> {
  const bytes = await readBytes(file);
  if (!bytes.ok) return bytes;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.value));
  } catch {
    return fail("bad_prices", `${file} is not valid JSON`, file);
  }
  return parsePriceList(json);
}

/**
 * Prices from a parsed JSON file: a Signalbox catalogue, or a plain map of model to
 * `{"input_usd_per_mtok", "output_usd_per_mtok"}`. Aliases of a catalogue get the price of their model.
 */
export function parsePriceList(json: unknown): Result<PriceList, "bad_prices"> {
  if (!isObject(json)) return fail("bad_prices", "a price list must be a JSON object of model -> prices");
  if (isObject(json["models"])) return catalogueList(json);
  const prices = new Map<string, ListedPrice>();
  for (const [model, entry] of Object.entries(json)) {
    const price = isObject(entry) ? priceOf(entry) : undefined;
    if (price === undefined) {
      return fail(
        "bad_prices",
        `the price list names no input and output price of "${model}" in USD per million tokens`,
      );
    }
    prices.set(model, price);
  }
  return ok(prices);
}

function catalogueList(json: unknown): Result<PriceList, "bad_prices"> {
  const catalogue = parseCatalogue(json);
  if (!catalogue.ok) return fail("bad_prices", catalogue.failure.message, catalogue.failure.param);
  const { models } = catalogue.value;
  const names = catalogueNames(catalogue.value);
  return ok(
    new Map(
      Array.from(names, ([name, id]) => {
        const { price, unseenOutputTokens } = models[id] as CatalogueModel;
        return [name, { ...price, unseenOutputTokens }];
      }),
    ),
  );
}

function priceOf(entry: Readonly<Record<string, unknown>>): ListedPrice | undefined {
  const { input_usd_per_mtok: input, output_usd_per_mtok: output } = entry;
  if (typeof input !== "number" || typeof output !== "number" || !(input >= 0) || !(output >= 0))
    return undefined;
  return { input, output };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
