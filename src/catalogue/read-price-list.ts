import { gunzipSync } from "node:zlib";
import { parseJson, parseWith } from "../contract/parse.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { PriceList, PriceListKind } from "./price-list.ts";
import { litellmSchema, readLitellm } from "./price-lists/litellm.ts";
import { modelsDevSchema, readModelsDev } from "./price-lists/models-dev.ts";
import { openRouterSchema, readOpenRouter } from "./price-lists/openrouter.ts";

/** A price list's file, plain or packed with gzip, -> what it says of each model. */
export function readPriceList(
  kind: PriceListKind,
  bytes: Uint8Array,
): Result<PriceList, "price_list_invalid"> {
  const json = parseJson(isGzip(bytes) ? gunzipSync(bytes) : bytes, "price_list_invalid");
  if (!json.ok) return json;
  const list = readAs(kind, json.value);
  if (!list.ok || list.value.models.length > 0) return list;
  return fail("price_list_invalid", `no entry of this file is a model of ${kind}'s form; is --from right?`);
}

function readAs(kind: PriceListKind, document: unknown): Result<PriceList, "price_list_invalid"> {
  switch (kind) {
    case "litellm": {
      const parsed = parseWith(litellmSchema, document, "price_list_invalid");
      return parsed.ok ? ok({ kind, models: readLitellm(parsed.value) }) : parsed;
    }
    case "models.dev": {
      const parsed = parseWith(modelsDevSchema, document, "price_list_invalid");
      return parsed.ok ? ok({ kind, models: readModelsDev(parsed.value) }) : parsed;
    }
    case "openrouter": {
      const parsed = parseWith(openRouterSchema, document, "price_list_invalid");
      if (!parsed.ok) return parsed;
      const asOf = "as_of" in parsed.value ? parsed.value.as_of : undefined;
      const models = readOpenRouter(parsed.value);
      return ok({ kind, models, ...(typeof asOf === "string" ? { asOf } : {}) });
    }
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
