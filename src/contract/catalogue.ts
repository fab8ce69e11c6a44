import * as v from "valibot";
import { type Catalogue, type CatalogueModel, capabilities } from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { atLeast, modelName, positive, positiveCount } from "./fields.ts";
import { parseJson, parseWith } from "./parse.ts";

const baseUrl = v.pipe(
  v.string(),
  v.regex(
    /^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?(?:\/|$))[^\s?#@]*$/,
    "must be an https address (http only on loopback) without credentials, query and fragment",
  ),
  // The pattern lets hosts and ports through that no address has.
  v.check((text) => URL.canParse(text), "must be an address"),
);

const providerSchema = v.strictObject({
  base_url: baseUrl,
  // The endings keep a catalogue from naming one of the Worker's other secrets.
  key_name: v.pipe(
    v.string(),
    v.regex(/^[A-Z][A-Z0-9_]{0,63}_(?:KEY|TOKEN)$/, "must be a name such as OPENAI_API_KEY or HF_TOKEN"),
  ),
});

/** A dollar a token; no model costs a hundredth of it, and a call's price stays a number. */
const MAX_USD_PER_MILLION_TOKENS = 1e6;
const price = v.pipe(
  atLeast(0),
  v.maxValue(MAX_USD_PER_MILLION_TOKENS, `must be at most ${MAX_USD_PER_MILLION_TOKENS}`),
);

const catalogueModelSchema = v.strictObject({
  aliases: v.optional(v.array(modelName), []),
  provider: v.string(),
  upstream: modelName,
  usd_per_million_tokens: v.strictObject({
    input: price,
    cached_input: v.optional(price),
    output: price,
  }),
  context_tokens: positiveCount,
  max_output_tokens: positiveCount,
  capabilities: v.array(v.picklist(capabilities)),
  unseen_output_tokens: v.optional(atLeast(0)),
  parameters_billion: v.optional(positive),
  license: v.optional(v.string()),
});

/** The catalogue as it stands in files and in KV. */
export const catalogueSchema = v.strictObject({
  format_version: v.literal(1),
  prices_as_of: v.pipe(v.string(), v.isoDate("must be a day such as 2025-06-30")),
  providers: v.record(v.string(), providerSchema),
  models: v.record(modelName, catalogueModelSchema),
});
export type CatalogueDocument = v.InferOutput<typeof catalogueSchema>;

/** Names that requests use for something else. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["auto"]);

/** JSON bytes, or the parsed document, -> a checked catalogue. The failure's `param` is the exact path. */
export function parseCatalogue(input: unknown): Result<Catalogue, "catalogue_invalid"> {
  const json = input instanceof Uint8Array ? parseJson(input, "catalogue_invalid") : ok(input);
  if (!json.ok) return json;
  const document = parseWith(catalogueSchema, json.value, "catalogue_invalid");
  if (!document.ok) return document;
  const reference = checkReferences(document.value);
  return reference.ok ? ok(toCatalogue(document.value)) : reference;
}

// A provider that is not listed, or a name that means two models, would only show when a request meets it.
function checkReferences({ providers, models }: CatalogueDocument): Result<null, "catalogue_invalid"> {
  const owners = new Map(Object.keys(models).map((id) => [id, id]));
  for (const [id, { provider, aliases }] of Object.entries(models)) {
    if (!Object.hasOwn(providers, provider)) {
      return fail("catalogue_invalid", `"${provider}" is not one of \`providers\``, `models.${id}.provider`);
    }
    for (const name of [id, ...aliases]) {
      if (RESERVED_NAMES.has(name.split(":", 1)[0] as string)) {
        return fail("catalogue_invalid", `"${name}" is a reserved name`, `models.${id}`);
      }
      const owner = owners.get(name) ?? id;
      if (owner !== id) {
        return fail("catalogue_invalid", `"${name}" is already a name of ${owner}`, `models.${id}.aliases`);
      }
      owners.set(name, id);
    }
  }
  return ok(null);
}

function toCatalogue({ prices_as_of, providers, models }: CatalogueDocument): Catalogue {
  return {
    formatVersion: 1,
    pricesAsOf: prices_as_of,
    providers: mapValues(providers, ({ base_url, key_name }) => ({
      baseUrl: base_url.replace(/\/+$/, ""),
      keyName: key_name,
    })),
    models: mapValues(models, toModel),
  };
}

function toModel(model: CatalogueDocument["models"][string]): CatalogueModel {
  const { input, cached_input, output } = model.usd_per_million_tokens;
  return {
    aliases: model.aliases,
    provider: model.provider,
    upstream: model.upstream,
    price: { input, cachedInput: cached_input ?? input, output },
    contextTokens: model.context_tokens,
    maxOutputTokens: model.max_output_tokens,
    capabilities: model.capabilities,
    unseenOutputTokens: model.unseen_output_tokens ?? 0,
    ...(model.parameters_billion === undefined ? {} : { parametersBillion: model.parameters_billion }),
    ...(model.license === undefined ? {} : { license: model.license }),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
