import { type ParsedChat, parseChatRequest } from "../../../contract/chat.ts";
import type { ErrorCode } from "../../../contract/error.ts";
import { excessOfKey } from "../../../contract/key-limits.ts";
import type { RequestBody } from "../../../core/accepts.ts";
import { type Catalogue, catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import type { Serving } from "../../../router/serving.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import type { Asked, StreamingHandler } from "../../handler.ts";
import { sendTo, suitsRequest } from "../../providers/candidates.ts";
import { completeWithFallback } from "../../providers/fallback.ts";
import { checkNamed } from "../../providers/named-bounds.ts";
import { passedHeaders } from "../../providers/passed-headers.ts";
import { reachable, type Target, targetOf } from "../../providers/provider.ts";
import { filtersWithKey, howToSetKey } from "../../providers/with-key.ts";
import { recordNamed } from "../../records/analytics.ts";
import { decisionHeaders } from "../decision-response.ts";
import { failureResponse } from "../http.ts";

/** Where a completion goes, best first, and the headers that say why. */
interface Plan {
  readonly targets: readonly Target[];
  readonly headers: Readonly<Record<string, string>>;
}

/** POST /v1/chat/completions: decided where the model is `auto`, sent on, answered byte for byte. */
export const postChatCompletions: StreamingHandler = async (body, asked) => {
  const chat = parseChatRequest(body.value);
  if (!chat.ok) return chat;
  const { isolate, caller, stopwatch } = asked;
  const excess = excessOfKey(caller.limits, body.value as RequestBody);
  if (excess !== undefined) return { ok: false, failure: excess };
  const answers = chat.value.request.n ?? 1;
  const usedUp = answers > 1 ? await caller.spend(answers) : undefined;
  if (usedUp !== undefined) return { ok: false, failure: usedUp };
  const live = await stopwatch.time("state", () => isolate.state.serving(caller.keepAlive));
  if (!live.ok) return live;
  const plan =
    chat.value.kind === "named"
      ? planNamed(asked, chat.value, live.value)
      : await planAuto(asked, chat.value, live.value);
  if (!plan.ok) return plan;

  const { kind, request } = chat.value;
  const sent = {
    bodyFor: sendTo(body, kind === "auto"),
    streams: request.stream === true,
    keyName: caller.keyName,
  };
  const completion = await stopwatch.time("upstream", () =>
    completeWithFallback(plan.value.targets, sent, isolate.settings, isolate),
  );
  if (completion.kind === "failed") {
    const { failure, attempts, retryAfterMs } = completion;
    return ok(
      failureResponse(failure, {
        "x-signalbox-attempts": String(attempts),
        ...(retryAfterMs === undefined
          ? {}
          : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      }),
    );
  }
  const { answer, target, attempts } = completion;
  return ok(
    new Response(answer.body, {
      status: answer.status,
      headers: {
        ...plan.value.headers,
        ...passedHeaders(answer.headers, target),
        "x-signalbox-model": target.model,
        "x-signalbox-attempts": String(attempts),
        "server-timing": stopwatch.header(),
      },
    }),
  );
};

function planNamed(
  { isolate, caller }: Asked,
  { request, name, options }: Extract<ParsedChat, { readonly kind: "named" }>,
  serving: Serving,
): Result<Plan, ErrorCode> {
  const { settings } = isolate;
  const { catalogue } = serving;
  const model = catalogueNames(catalogue).get(name);
  if (model === undefined) {
    return fail(
      "model_not_found",
      "`model` is neither `auto` nor a model of the catalogue; see /v1/models",
      "model",
    );
  }
  const target = targetOf(catalogue, model, "chat", settings, caller.authorization);
  if (target !== undefined) {
    const usd = checkNamed(catalogue, model, request, options, caller.limits);
    if (!usd.ok) return usd;
    recordNamed(isolate, caller, { model, expectedUsd: usd.value, serving });
    return ok({ targets: [target], headers: {} });
  }
  const { provider } = catalogue.models[model] as Serving["catalogue"]["models"][string];
  const keyName = catalogue.providers[provider]?.keyName as string;
  return fail("provider_not_configured", `the Worker has no key for ${provider}; ${howToSetKey([keyName])}`);
}

async function planAuto(
  asked: Asked,
  { request, question }: Extract<ParsedChat, { readonly kind: "auto" }>,
  live: Serving,
): Promise<Result<Plan, ErrorCode>> {
  const serving = await servingFor(live, question.conversation);
  const { settings } = asked.isolate;
  const { authorization } = asked.caller;
  const usable = (whole: Catalogue) => reachable(whole, "chat", settings, authorization);
  const catalogue = usable(serving.catalogue);
  const demands = filtersWithKey(question.demands, serving, catalogue);
  if (!demands.ok) return demands;
  const suits = suitsRequest(request, question.answerTokens);
  const bounds = [demands.value.maxUsd, asked.caller.limits.maxUsd].filter((usd) => usd !== undefined);
  // So many answers cost at most so many times one.
  const ceiling = bounds.length === 0 ? {} : { maxUsd: Math.min(...bounds) / (request.n ?? 1) };
  const fitting = { ...question, demands: { ...demands.value, ...ceiling, suits } };
  const decision = await decideForCaller(asked, fitting, serving, usable);
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok({
    targets: decided.decision.ranking.flatMap(
      ({ model }) => targetOf(catalogue, model, "chat", settings, authorization) ?? [],
    ),
    headers: decisionHeaders(decided, id),
  });
}
