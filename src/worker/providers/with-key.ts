import { type Catalogue, catalogueNames, matchModels, type Provider } from "../../core/catalogue.ts";
import type { DecisionRequest } from "../../core/decide.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Serving } from "../../router/serving.ts";
import { variablesFor } from "./provider.ts";
import { type CallName, surfaces } from "./surface.ts";

type Filters = Pick<DecisionRequest, "models" | "exclude">;

/**
 * `models` and `exclude` of a completion, written out for the part of the catalogue that the Worker has keys for: a name
 * that is known but can't be reached is passed over, where the decision alone would call it unknown.
 */
export function filtersWithKey<Options extends Filters>(
  options: Options,
  { catalogue, predictor }: Pick<Serving, "catalogue" | "predictor">,
  reached: Catalogue,
  call: CallName,
): Result<Options, "provider_not_configured"> {
  const names = catalogueNames(catalogue);
  const known = predictor.models.filter((model) => Object.hasOwn(catalogue.models, model));
  const hasKey = (model: string) => Object.hasOwn(reached.models, model);
  const expand = (patterns: readonly string[] | undefined) => {
    if (patterns === undefined) return undefined;
    const { matched, unmatched } = matchModels(known, names, patterns);
    // What nobody knows stays, so that the decision tells it.
    return { all: [...matched], kept: [...[...matched].filter(hasKey), ...unmatched] };
  };
  const included = expand(options.models);
  const wanted = included?.all ?? known;
  if (!known.some(hasKey) || (included !== undefined && included.kept.length === 0)) {
    return outOfReach(wanted, catalogue, call);
  }
  const { models: _, exclude: __, ...rest } = options;
  const excluded = expand(options.exclude)?.kept ?? [];
  return ok({
    ...(rest as Options),
    ...(included === undefined ? {} : { models: included.kept }),
    ...(excluded.length === 0 ? {} : { exclude: excluded }),
  });
}

/** Why none of the models can be asked: no key, or no provider that speaks so. */
export function outOfReach(models: readonly string[], catalogue: Catalogue, call: CallName) {
  const surface = surfaces[call].at;
  const names = new Set(
    models.flatMap((id) => {
      const model = catalogue.models[id];
      return model === undefined
        ? []
        : [model.provider, ...(model.alsoAt ?? []).map(({ provider }) => provider)];
    }),
  );
  const speaking = [...names].sort().filter((name) => catalogue.providers[name]?.surfaces[surface]);
  if (speaking.length === 0) {
    const which = models.length === 1 ? models[0] : "these models";
    const message = `no provider of ${which} speaks ${surfaces[call].path}: in the catalogue, none has \`${surface}\` among its \`surfaces\``;
    return fail("provider_not_configured", message);
  }
  const variables = speaking.flatMap((name) => variablesFor(catalogue.providers[name] as Provider));
  const who =
    names.size === Object.keys(catalogue.providers).length
      ? "any provider of the catalogue"
      : speaking.join(" or ");
  return fail(
    "provider_not_configured",
    `the Worker has no key for ${who}; ${howToSetKey([...new Set(variables)])}`,
  );
}

/** Where an operator puts a key; the same sentence serves a Worker on this machine and one at Cloudflare. */
export function howToSetKey(keyNames: readonly string[]): string {
  const [first = "<name>"] = keyNames;
  return (
    `set ${keyNames.join(" or ")}: on this machine in the environment of \`npm start\` or in .dev.vars beside ` +
    `wrangler.toml, at Cloudflare with \`npx wrangler secret put ${first}\``
  );
}
