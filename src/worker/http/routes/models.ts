import type { ModelList } from "../../../contract/models.ts";
import type { Serving } from "../../../router/serving.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";

/** GET /v1/models: OpenAI's list, `auto` first. */
export async function getModels(context: HttpContext): Promise<Response> {
  const serving = await context.get("isolate").state.serving(callerOf(context).keepAlive);
  return serving.ok ? context.json(modelList(serving.value)) : respondFailure(context, serving.failure);
}

function modelList({ pointer, catalogue, predictor }: Serving): ModelList {
  const seconds = Math.floor(Date.parse(pointer.published_at) / 1000);
  const created = Number.isFinite(seconds) ? seconds : 0;
  const models = Object.entries(catalogue.models).map(([id, model]) => ({
    id,
    object: "model" as const,
    created,
    owned_by: model.provider,
    aliases: [...model.aliases],
    routed: predictor.models.includes(id),
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
