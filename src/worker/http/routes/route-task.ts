import { parseWith } from "../../../contract/parse.ts";
import { type RouteTaskResponse, routeTaskRequestSchema } from "../../../contract/route-task.ts";
import { catalogueNames } from "../../../core/catalogue.ts";
import { recommendForTask, type TaskPrompt } from "../../../core/task.ts";
import { createStopwatch } from "../../../router/stopwatch.ts";
import { spendOnPrompts } from "../access.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";
import { readJsonBody } from "../json-body.ts";

/** POST /v1/route/task: one model for a set of prompts, some of them perhaps labeled. */
export async function postRouteTask(context: HttpContext): Promise<Response> {
  const { settings, state, embeddings } = context.get("isolate");
  const stopwatch = createStopwatch(() => performance.now());
  const body = await readJsonBody(context.req.raw, settings, context.get("bodyShare"));
  if (!body.ok) return respondFailure(context, body.failure);
  const request = parseWith(routeTaskRequestSchema, body.value, "invalid_request");
  if (!request.ok) return respondFailure(context, request.failure);
  const usedUp = await spendOnPrompts(context, request.value.prompts.length);
  if (usedUp !== undefined) return respondFailure(context, usedUp);
  const live = await stopwatch.time("state", () => state.serving(callerOf(context).keepAlive));
  if (!live.ok) return respondFailure(context, live.failure);
  const { encoder, predictor, catalogue, pointer } = live.value;
  const names = catalogueNames(catalogue);
  const unknown = unknownModel(request.value.prompts, names);
  if (unknown !== undefined) return respondFailure(context, unknown);
  const prompts: TaskPrompt[] = [];
  for (const { prompt, outcomes } of request.value.prompts) {
    const { embedding } = await stopwatch.time("embed", () =>
      embeddings.embed(encoder, prompt, context.get("keyName") ?? ""),
    );
    const labels = Object.entries(outcomes ?? {}).map(([name, score]) => [names.get(name) as string, score]);
    const readable = encoder.readable(prompt);
    prompts.push({
      embedding,
      readable,
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    });
  }
  const recommendation = await stopwatch.time("decide", async () =>
    recommendForTask(predictor, prompts, Math.random),
  );
  const response: RouteTaskResponse = {
    model: recommendation.model,
    reason: recommendation.by,
    familiarity: recommendation.familiarity,
    labelled: recommendation.labelled,
    ranking: recommendation.scores.map(({ s3, ...scores }) => ({ ...scores, s3: s3 ?? null })),
    bundle: pointer.bundle,
  };
  return context.json(response, 200, {
    "x-signalbox-model": recommendation.model,
    "x-signalbox-bundle": pointer.bundle,
    "server-timing": stopwatch.header(),
  });
}

function unknownModel(
  prompts: readonly { readonly outcomes?: Readonly<Record<string, number>> | undefined }[],
  names: ReadonlyMap<string, string>,
) {
  for (const [k, { outcomes }] of prompts.entries()) {
    const name = Object.keys(outcomes ?? {}).find((model) => !names.has(model));
    if (name !== undefined) {
      return {
        code: "unknown_model",
        message: `"${name}" is no model of the catalogue; GET /v1/models lists them`,
        param: `prompts.${k}.outcomes`,
      } as const;
    }
  }
  return undefined;
}
