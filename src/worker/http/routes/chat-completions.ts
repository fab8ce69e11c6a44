import { type ChatRequest, parseChatRequest } from "../../../contract/chat.ts";
import type { ErrorCode } from "../../../contract/error.ts";
import type { RouteOptions } from "../../../contract/options.ts";
import { type Capability, type Catalogue, catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import type { Serving } from "../../../router/serving.ts";
import { createStopwatch, type Stopwatch } from "../../../router/stopwatch.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import { sendTo, suitsRequest } from "../../providers/candidates.ts";
import { completeWithFallback } from "../../providers/fallback.ts";
import { passedHeaders } from "../../providers/passed-headers.ts";
import { reachable, type Target, targetOf } from "../../providers/provider.ts";
import { filtersWithKey, howToSetKey } from "../../providers/with-key.ts";
import { callerAuthorization } from "../access.ts";
import { decisionHeaders } from "../decision-response.ts";
import { callerOf, type HttpContext, respondFailure } from "../http.ts";
import { readExactJsonBody } from "../json-body.ts";

/** Where a completion goes, best first, and the headers that say why. */
interface Plan {
  readonly targets: readonly Target[];
  readonly headers: Readonly<Record<string, string>>;
}

/** POST /v1/chat/completions: decided where the model is `auto`, sent on, answered byte for byte. */
export async function postChatCompletions(context: HttpContext): Promise<Response> {
  const isolate = context.get("isolate");
  const { settings, state } = isolate;
  const stopwatch = createStopwatch(() => performance.now());
  const body = await readExactJsonBody(context.req.raw, settings, context.get("bodyShare"));
  if (!body.ok) return respondFailure(context, body.failure);
  const chat = parseChatRequest(body.value.value);
  if (!chat.ok) return respondFailure(context, chat.failure);
  const serving = await stopwatch.time("state", () => state.serving(callerOf(context).keepAlive));
  if (!serving.ok) return respondFailure(context, serving.failure);
  const { request, model } = chat.value;
  const plan =
    model.kind === "named"
      ? planNamed(context, model.name, serving.value)
      : await planAuto(context, request, model.options, serving.value, stopwatch);
  if (!plan.ok) return respondFailure(context, plan.failure);

  const sent = {
    bodyFor: sendTo(body.value, model.kind === "auto"),
    streams: request.stream === true,
    keyName: context.get("keyName"),
  };
  const completion = await stopwatch.time("upstream", () =>
    completeWithFallback(plan.value.targets, sent, settings, isolate),
  );
  if (completion.kind === "failed") {
    const response = respondFailure(context, completion.failure);
    response.headers.set("x-signalbox-attempts", String(completion.attempts));
    if (completion.retryAfterMs !== undefined) {
      response.headers.set("retry-after", String(Math.max(1, Math.ceil(completion.retryAfterMs / 1000))));
    }
    return response;
  }
  const { answer, target, attempts } = completion;
  return new Response(answer.body, {
    status: answer.status,
    headers: {
      ...plan.value.headers,
      ...passedHeaders(answer.headers, target),
      "x-signalbox-model": target.model,
      "x-signalbox-attempts": String(attempts),
      "server-timing": stopwatch.header(),
    },
  });
}

function planNamed(context: HttpContext, name: string, { catalogue }: Serving): Result<Plan, ErrorCode> {
  const model = catalogueNames(catalogue).get(name);
  if (model === undefined) {
    return fail(
      "model_not_found",
      "`model` is neither `auto` nor a model of the catalogue; see /v1/models",
      "model",
    );
  }
  const target = targetOf(
    catalogue,
    model,
    "chat",
    context.get("isolate").settings,
    callerAuthorization(context),
  );
  if (target !== undefined) return ok({ targets: [target], headers: {} });
  const { provider } = catalogue.models[model] as Serving["catalogue"]["models"][string];
  const keyName = catalogue.providers[provider]?.keyName as string;
  return fail("provider_not_configured", `the Worker has no key for ${provider}; ${howToSetKey([keyName])}`);
}

async function planAuto(
  context: HttpContext,
  request: ChatRequest,
  options: RouteOptions,
  live: Serving,
  stopwatch: Stopwatch,
): Promise<Result<Plan, ErrorCode>> {
  const serving = await servingFor(live, { session: options.session, messages: request.messages });
  const { settings } = context.get("isolate");
  const authorization = callerAuthorization(context);
  const usable = (whole: Catalogue) => reachable(whole, "chat", settings, authorization);
  const answerTokens = request.max_completion_tokens ?? request.max_tokens ?? 0;
  const catalogue = usable(serving.catalogue);
  const filtered = filtersWithKey(options, serving, catalogue);
  if (!filtered.ok) return filtered;
  const input = {
    ...filtered.value,
    messages: request.messages,
    ...(request.tools ? { tools: request.tools } : {}),
    answerTokens,
    suits: suitsRequest(request, answerTokens),
    alsoRequires: requiredByFormat(request),
    usable,
  };
  const decision = await decideForCaller(
    context.get("isolate"),
    callerOf(context),
    input,
    serving,
    stopwatch,
  );
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok({
    targets: decided.decision.ranking.flatMap(
      ({ model }) => targetOf(catalogue, model, "chat", settings, authorization) ?? [],
    ),
    headers: decisionHeaders(decided, id),
  });
}

function requiredByFormat({ response_format }: ChatRequest): readonly Capability[] {
  return response_format?.type === "json_object" || response_format?.type === "json_schema" ? ["json"] : [];
}
