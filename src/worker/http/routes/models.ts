import type { ModelList } from "../../../contract/models.ts";
import type { Catalogue } from "../../../core/catalogue.ts";
import type { Serving } from "../../../router/serving.ts";
import { reachable } from "../../providers/provider.ts";
import { callerAuthorization } from "../access.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";

/** GET /v1/models: OpenAI's list, `auto` first. */
export async function getModels(context: HttpContext): Promise<Response> {
  const { settings, state } = context.get("isolate");
  const serving = await state.serving(callerOf(context).keepAlive);
  if (!serving.ok) return respondFailure(context, serving.failure);
  const withKey = reachable(serving.value.catalogue, "chat", settings, callerAuthorization(context));
  return context.json(modelList(serving.value, withKey));
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
    data: [{ id: "auto", object: "model", created, owned_by: "signalbox" }, ...models],
  };
}
