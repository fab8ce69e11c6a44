import { autoNames } from "../../../contract/auto-model.ts";
import type { ModelList } from "../../../contract/models.ts";
import type { Catalogue, CatalogueModel } from "../../../core/catalogue.ts";
import { type Evidence, evidenceOf } from "../../../core/evidence.ts";
import { fail, ok } from "../../../core/result.ts";
import type { Serving } from "../../../router/serving.ts";
import type { Handler } from "../../handler.ts";
import { reachable } from "../../providers/provider.ts";

/** GET /v1/models: OpenAI's list, `auto` first. */
export const getModels: Handler<ModelList> = async (_, { isolate, caller }) => {
  const serving = await isolate.state.serving(caller.keepAlive);
  if (!serving.ok) return serving;
  const withKey = reachable(serving.value.catalogue, "chat", isolate.settings, caller.authorization);
  return ok({ body: modelList(serving.value, withKey) });
};

/** GET /v1/models/{id}: one entry, also by an alias. */
export const getModel: Handler<ModelList["data"][number]> = async (_, asked) => {
  const list = await getModels(undefined, asked);
  if (!list.ok) return list;
  const name = nameIn(asked.caller.address);
  const entry = list.value.body.data.find(({ id, aliases }) => id === name || aliases?.includes(name));
  return entry === undefined
    ? fail("model_not_found", "there is no such model; GET /v1/models lists all", "model")
    : ok({ body: entry });
};

/** Names may hold slashes, written as they are or encoded. */
function nameIn(address: string): string {
  const written = address.slice("/v1/models/".length);
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

function modelList({ pointer, catalogue, predictor }: Serving, withKey: Catalogue): ModelList {
  const seconds = Math.floor(Date.parse(pointer.published_at) / 1000);
  const created = Number.isFinite(seconds) ? seconds : 0;
  const models = Object.entries(catalogue.models).map(([id, model]) => ({
    id,
    object: "model" as const,
    created,
    owned_by: model.provider,
    aliases: [...model.aliases],
    routed: predictor.models.includes(id),
    ...describeModel(model, evidenceOf(predictor.header, id)),
    has_key: Object.hasOwn(withKey.models, id),
    context_tokens: model.contextTokens,
    max_output_tokens: model.maxOutputTokens,
    capabilities: [...model.capabilities],
    usd_per_million_tokens: {
      input: model.price.input,
      cached_input: model.price.cachedInput,
      output: model.price.output,
    },
  }));
  return {
    object: "list",
    data: [
      {
        id: "auto",
        object: "model",
        created,
        owned_by: "signalbox",
        aliases: autoNames.filter((name) => name !== "auto"),
      },
      ...models,
    ],
  };
}

function describeModel({ released, retiresOn, variant }: CatalogueModel, evidence: Evidence | undefined) {
  return {
    ...(evidence === undefined ? {} : { evidence }),
    ...(released === undefined ? {} : { released }),
    ...(retiresOn === undefined ? {} : { retires_on: retiresOn }),
    ...(variant === undefined ? {} : { variant_of: variant.of, effort: variant.effort }),
  };
}
