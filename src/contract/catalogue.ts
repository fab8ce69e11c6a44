import * as v from "valibot";
import {
  type Catalogue,
  type CatalogueModel,
  capabilities,
  facts,
  keyHeaders,
  modelStatuses,
  type Place,
  type Price,
  type Provider,
  providerOrders,
  surfaceNames,
} from "../core/catalogue.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { acceptsSchema } from "./accepts.ts";
import { providerAddress } from "./address.ts";
import { autoNames } from "./auto-model.ts";
import { atLeast, effortName, modelName, positive, positiveCount } from "./fields.ts";
import { parseJson, parseWith } from "./parse.ts";

const surfaceSchema = v.strictObject({
  /** Where it is another one than the provider's. */
  base_url: v.optional(providerAddress),
  key_header: v.optional(v.picklist(keyHeaders)),
});

const providerSchema = v.strictObject({
  base_url: providerAddress,
  // The endings keep a catalogue from naming one of the Worker's other secrets.
  key_name: v.pipe(
    v.string(),
    v.regex(/^[A-Z][A-Z0-9_]{0,63}_(?:KEY|TOKEN)$/, "must be a name such as OPENAI_API_KEY or HF_TOKEN"),
  ),
  key_header: v.optional(v.picklist(keyHeaders)),
  /** What it speaks; chat completions where this is left out. */
  surfaces: v.optional(v.record(v.picklist(surfaceNames), surfaceSchema)),
});

/** A dollar a token; no model costs a hundredth of it, and a call's price stays a number. */
const MAX_USD_PER_MILLION_TOKENS = 1e6;
const price = v.pipe(
  atLeast(0),
  v.maxValue(MAX_USD_PER_MILLION_TOKENS, `must be at most ${MAX_USD_PER_MILLION_TOKENS}`),
);

const day = v.pipe(v.string(), v.isoDate("must be a day such as 2025-06-30"));

/** One source for each kind of fact, so that a price says where it was read and when. */
const sourcesSchema = v.partial(
  v.strictObject(
    v.entriesFromList(facts, v.strictObject({ from: v.pipe(v.string(), v.minLength(1)), as_of: day })),
  ),
);

const speedSchema = v.strictObject({
  tokens_per_second: v.optional(positive),
  seconds_to_first_token: v.optional(atLeast(0)),
});

/** What tells providers how much to think. Anything else of a request is the caller's. */
const thinkingField = v.picklist([
  "reasoning_effort",
  "reasoning",
  "thinking",
  "thinking_budget",
  "enable_thinking",
  "output_config",
  "chat_template_kwargs",
]);

const variantSchema = v.strictObject({
  aliases: v.optional(v.array(modelName), []),
  /** Fields that are merged into the request to the provider. */
  request: v.record(thinkingField, v.unknown()),
  unseen_output_tokens: v.optional(atLeast(0)),
  speed: v.optional(speedSchema),
  sources: v.optional(sourcesSchema),
});

const catalogueModelSchema = v.strictObject({
  aliases: v.optional(v.array(modelName), []),
  provider: v.string(),
  upstream: modelName,
  usd_per_million_tokens: v.strictObject({
    input: price,
    cached_input: v.optional(price),
    cache_write: v.optional(price),
    output: price,
    /** Prices of calls with more input than that, rising. */
    tiers: v.optional(
      v.array(
        v.strictObject({
          above_input_tokens: positiveCount,
          input: price,
          cached_input: v.optional(price),
          output: price,
        }),
      ),
    ),
  }),
  released: v.optional(day),
  /** The first day on which the provider no longer serves it. */
  retires_on: v.optional(day),
  status: v.optional(v.picklist(modelStatuses)),
  replaced_by: v.optional(modelName),
  speed: v.optional(speedSchema),
  /** `low` of `gpt-x` is the model `gpt-x@low`. */
  variants: v.optional(v.record(effortName, variantSchema)),
  sources: v.optional(sourcesSchema),
  context_tokens: positiveCount,
  max_output_tokens: positiveCount,
  capabilities: v.array(v.picklist(capabilities)),
  unseen_output_tokens: v.optional(atLeast(0)),
  parameters_billion: v.optional(positive),
  license: v.optional(v.string()),
  /** Other providers of the same model, in order of preference after `provider`; at the model's prices unless they have own. */
  also_at: v.optional(
    v.array(
      v.strictObject({
        provider: v.string(),
        upstream: modelName,
        usd_per_million_tokens: v.optional(
          v.strictObject({ input: price, cached_input: v.optional(price), output: price }),
        ),
      }),
    ),
  ),
  /** `price`: the cheapest provider is asked first. */
  providers_by: v.optional(v.picklist(providerOrders)),
  /** What its API takes of a request, where that is not everything. */
  accepts: v.optional(acceptsSchema),
});

/** The catalogue as it stands in files and in KV. */
export const catalogueSchema = v.strictObject({
  format_version: v.literal(1),
  prices_as_of: day,
  providers: v.record(v.string(), providerSchema),
  models: v.record(modelName, catalogueModelSchema),
});
export type CatalogueDocument = v.InferOutput<typeof catalogueSchema>;
type ModelDocument = CatalogueDocument["models"][string];

/** Names that requests use for something else. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(autoNames);

/** JSON bytes, or the parsed document, -> a checked catalogue. The failure's `param` is the exact path. */
export function parseCatalogue(input: unknown): Result<Catalogue, "catalogue_invalid"> {
  const document = parseCatalogueDocument(input);
  return document.ok ? ok(toCatalogue(document.value)) : document;
}

/** The same, checked, but as it is written: what edits a catalogue needs this form. */
export function parseCatalogueDocument(input: unknown): Result<CatalogueDocument, "catalogue_invalid"> {
  const json = input instanceof Uint8Array ? parseJson(input, "catalogue_invalid") : ok(input);
  if (!json.ok) return json;
  const document = parseWith(catalogueSchema, json.value, "catalogue_invalid");
  if (!document.ok) return document;
  const reference = checkReferences(document.value);
  return reference.ok ? document : reference;
}

// A provider that is not listed, or a name that means two models, would only show when a request meets it.
function checkReferences({ providers, models }: CatalogueDocument): Result<null, "catalogue_invalid"> {
  const owners = new Map(Object.keys(models).map((id) => [id, id]));
  for (const [id, model] of Object.entries(models)) {
    const { provider, replaced_by } = model;
    if (!Object.hasOwn(providers, provider)) {
      return fail("catalogue_invalid", `"${provider}" is not one of \`providers\``, `models.${id}.provider`);
    }
    const missing = model.also_at?.findIndex((place) => !Object.hasOwn(providers, place.provider)) ?? -1;
    if (missing >= 0) {
      const param = `models.${id}.also_at.${missing}.provider`;
      return fail("catalogue_invalid", `\`${param}\` is not one of \`providers\``, param);
    }
    if (replaced_by !== undefined && !Object.hasOwn(models, replaced_by)) {
      return fail(
        "catalogue_invalid",
        `"${replaced_by}" is not one of \`models\``,
        `models.${id}.replaced_by`,
      );
    }
    const tiers = model.usd_per_million_tokens.tiers ?? [];
    if (
      tiers.some((tier, k) => k > 0 && tier.above_input_tokens <= (tiers[k - 1]?.above_input_tokens ?? 0))
    ) {
      const param = `models.${id}.usd_per_million_tokens.tiers`;
      return fail("catalogue_invalid", `\`${param}\` must rise in \`above_input_tokens\``, param);
    }
    const twice = Object.keys(model.variants ?? {}).find((effort) =>
      Object.hasOwn(models, variantId(id, effort)),
    );
    if (twice !== undefined) {
      const param = `models.${id}.variants.${twice}`;
      return fail("catalogue_invalid", `"${variantId(id, twice)}" is one of \`models\` too`, param);
    }
    for (const [owner, name] of namesOf(id, model)) {
      if (RESERVED_NAMES.has(name.split(":", 1)[0] as string)) {
        return fail("catalogue_invalid", `"${name}" is a reserved name`, `models.${id}`);
      }
      const other = owners.get(name) ?? owner;
      if (other !== owner) {
        return fail("catalogue_invalid", `"${name}" is already a name of ${other}`, `models.${id}.aliases`);
      }
      owners.set(name, owner);
    }
  }
  return ok(null);
}

/** Every name that a model and its variants go by, with the id that it means. */
function namesOf(
  id: string,
  { aliases, variants = {} }: ModelDocument,
): readonly (readonly [string, string])[] {
  return [
    ...[id, ...aliases].map((name) => [id, name] as const),
    ...Object.entries(variants).flatMap(([effort, variant]) => {
      const own = variantId(id, effort);
      return [own, ...variant.aliases].map((name) => [own, name] as const);
    }),
  ];
}

function variantId(id: string, effort: string): string {
  return `${id}@${effort}`;
}

function toCatalogue({ prices_as_of, providers, models }: CatalogueDocument): Catalogue {
  return {
    formatVersion: 1,
    pricesAsOf: prices_as_of,
    providers: mapValues(providers, toProvider),
    models: Object.fromEntries(
      Object.entries(models).flatMap(([id, model]) => [[id, toModel(model)], ...toVariants(id, model)]),
    ),
  };
}

function toProvider({
  base_url,
  key_name,
  key_header,
  surfaces = { chat: {} },
}: CatalogueDocument["providers"][string]): Provider {
  const own = (address: string) => address.replace(/\/+$/, "");
  return {
    baseUrl: own(base_url),
    keyName: key_name,
    surfaces: mapValues(surfaces, (surface) => ({
      baseUrl: own(surface.base_url ?? base_url),
      keyHeader: surface.key_header ?? key_header ?? "authorization",
    })),
  };
}

function toModel(model: ModelDocument): CatalogueModel {
  const { replaced_by, retires_on, released, status, speed, sources } = model;
  return {
    aliases: model.aliases,
    provider: model.provider,
    upstream: model.upstream,
    price: toPrice(model.usd_per_million_tokens),
    contextTokens: model.context_tokens,
    maxOutputTokens: model.max_output_tokens,
    capabilities: model.capabilities,
    unseenOutputTokens: model.unseen_output_tokens ?? 0,
    ...(model.parameters_billion === undefined ? {} : { parametersBillion: model.parameters_billion }),
    ...(model.license === undefined ? {} : { license: model.license }),
    ...(released === undefined ? {} : { released }),
    ...(retires_on === undefined ? {} : { retiresOn: retires_on }),
    ...(status === undefined ? {} : { status }),
    ...(replaced_by === undefined ? {} : { replacedBy: replaced_by }),
    ...(speed === undefined ? {} : { speed: toSpeed(speed) }),
    ...(sources === undefined ? {} : { sources: toSources(sources) }),
    ...(model.also_at === undefined ? {} : { alsoAt: model.also_at.map(toPlace) }),
    ...(model.providers_by === undefined ? {} : { providersBy: model.providers_by }),
    ...(model.accepts === undefined ? {} : { accepts: model.accepts }),
  };
}

function toPlace({
  provider,
  upstream,
  usd_per_million_tokens,
}: NonNullable<ModelDocument["also_at"]>[number]): Place {
  const own = usd_per_million_tokens === undefined ? {} : { price: toPrice(usd_per_million_tokens) };
  return { provider, upstream, ...own };
}

/** The same model, told how much to think; what a variant does not say is as it is without being told. */
function toVariants(id: string, model: ModelDocument): readonly [string, CatalogueModel][] {
  const base = toModel(model);
  return Object.entries(model.variants ?? {}).map(([effort, variant]) => [
    variantId(id, effort),
    {
      ...base,
      aliases: variant.aliases,
      unseenOutputTokens: variant.unseen_output_tokens ?? base.unseenOutputTokens,
      ...(variant.speed === undefined ? {} : { speed: toSpeed(variant.speed) }),
      sources: { ...base.sources, ...toSources(variant.sources ?? {}) },
      variant: { of: id, effort, request: variant.request },
    },
  ]);
}

function toPrice({
  input,
  cached_input,
  cache_write,
  output,
  tiers,
}: Partial<ModelDocument["usd_per_million_tokens"]> & { input: number; output: number }): Price {
  return {
    input,
    cachedInput: cached_input ?? input,
    output,
    ...(cache_write === undefined ? {} : { cacheWrite: cache_write }),
    ...(tiers === undefined
      ? {}
      : {
          tiers: tiers.map((tier) => ({
            aboveInputTokens: tier.above_input_tokens,
            input: tier.input,
            cachedInput: tier.cached_input ?? tier.input,
            output: tier.output,
          })),
        }),
  };
}

function toSpeed({ tokens_per_second, seconds_to_first_token }: v.InferOutput<typeof speedSchema>) {
  return {
    ...(tokens_per_second === undefined ? {} : { tokensPerSecond: tokens_per_second }),
    ...(seconds_to_first_token === undefined ? {} : { secondsToFirstToken: seconds_to_first_token }),
  };
}

function toSources(sources: v.InferOutput<typeof sourcesSchema>): NonNullable<CatalogueModel["sources"]> {
  return Object.fromEntries(
    facts.flatMap((fact) => {
      const source = sources[fact];
      return source === undefined ? [] : [[fact, { from: source.from, asOf: source.as_of }]];
    }),
  );
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
