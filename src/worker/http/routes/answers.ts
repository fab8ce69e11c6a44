import type { AnswerRequest, AnswerRequestCode } from "../../../contract/answer-request.ts";
import { parseAnthropicRequest } from "../../../contract/anthropic-messages.ts";
import { parseChatRequest } from "../../../contract/chat.ts";
import { parseEmbeddingsRequest } from "../../../contract/embeddings.ts";
import type { ErrorCode } from "../../../contract/error.ts";
import { excessOfKey } from "../../../contract/key-limits.ts";
import { parseResponsesRequest } from "../../../contract/responses.ts";
import type { RequestBody } from "../../../core/accepts.ts";
import { type Catalogue, catalogueNames } from "../../../core/catalogue.ts";
import { fail, ok, type Result } from "../../../core/result.ts";
import { servingFor } from "../../../router/canary.ts";
import type { Decided } from "../../../router/decision.ts";
import type { Serving } from "../../../router/serving.ts";
import { decideForCaller } from "../../decide-for-caller.ts";
import type { Asked, StreamingHandler } from "../../handler.ts";
import type { Passed } from "../../providers/attempt.ts";
import { sendTo, suitsRequest } from "../../providers/candidates.ts";
import { completeWithFallback } from "../../providers/fallback.ts";
import { checkNamed } from "../../providers/named-bounds.ts";
import { passedHeaders } from "../../providers/passed-headers.ts";
import { reachable, type Target, targetsOf } from "../../providers/provider.ts";
import type { CallName } from "../../providers/surface.ts";
import { readUsageAlong, type Usage } from "../../providers/usage.ts";
import { filtersWithKey, outOfReach } from "../../providers/with-key.ts";
import { recordNamed } from "../../records/analytics.ts";
import { decisionHeaders } from "../decision-response.ts";
import { failureResponse } from "../http.ts";

/** Where a completion goes, best first, and the headers that say why. */
interface Plan {
  /** Undefined where the caller named the model. */
  readonly decided?: Decided;
  readonly targets: readonly Target[];
  readonly headers: Readonly<Record<string, string>>;
}

// What Anthropic's API wants to be told, where the caller does not.
const ANTHROPIC_VERSION = { "anthropic-version": "2023-06-01" } as const;

type Parse = (body: unknown) => Result<AnswerRequest, AnswerRequestCode>;

/** Decided where the model is `auto`, sent on to the same surface, answered byte for byte. */
const passOn =
  (call: CallName, parse: Parse): StreamingHandler =>
  async (body, asked) => {
    const parsed = parse(body.value);
    if (!parsed.ok) return parsed;
    const { isolate, caller, stopwatch } = asked;
    const excess = excessOfKey(caller.limits, body.value as RequestBody);
    if (excess !== undefined) return { ok: false, failure: excess };
    const { answers } = parsed.value;
    const usedUp = answers > 1 ? await caller.spend(answers) : undefined;
    if (usedUp !== undefined) return { ok: false, failure: usedUp };
    const live = await stopwatch.time("state", () => isolate.state.serving(caller.keepAlive));
    if (!live.ok) return live;
    const plan =
      parsed.value.kind === "named"
        ? planNamed(asked, call, parsed.value, live.value)
        : await planAuto(asked, call, parsed.value, live.value);
    if (!plan.ok) return plan;

    const { kind, streams } = parsed.value;
    const sent = {
      bodyFor: sendTo(body, kind === "auto"),
      streams,
      headers:
        call === "messages" || call === "countTokens" ? { ...ANTHROPIC_VERSION, ...caller.headers } : {},
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
    const { decided } = plan.value;
    const passed =
      decided === undefined || answers !== 1 ? answer.body : countTokens(asked, decided, target, answer);
    return ok(
      new Response(passed, {
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

export const postChatCompletions = passOn("chat", parseChatRequest);
export const postResponses = passOn("responses", parseResponsesRequest);
export const postMessages = passOn("messages", parseAnthropicRequest);
export const postCountTokens = passOn("countTokens", parseAnthropicRequest);
export const postEmbeddings = passOn("embeddings", parseEmbeddingsRequest);

/** The answer as it is, and where lengths are learned, what it took in the database once it has ended. */
function countTokens(
  { isolate: { completionLog }, caller }: Asked,
  decided: Decided,
  { model }: Target,
  { body, headers, status }: Passed,
): Passed["body"] {
  if (completionLog === undefined || status !== 200 || !(body instanceof ReadableStream)) return body;
  const { promise, resolve } = Promise.withResolvers<Usage | undefined>();
  caller.keepAlive(
    promise.then((usage) => usage && completionLog.write(decided, model, usage, caller.keyName)),
  );
  return readUsageAlong(body, /event-stream/i.test(headers.get("content-type") ?? ""), resolve);
}

function planNamed(
  { isolate, caller }: Asked,
  call: CallName,
  request: Extract<AnswerRequest, { readonly kind: "named" }>,
  serving: Serving,
): Result<Plan, ErrorCode> {
  const { catalogue } = serving;
  const model = catalogueNames(catalogue).get(request.name);
  if (model === undefined) {
    return fail(
      "model_not_found",
      "`model` is neither `auto` nor a model of the catalogue; see /v1/models",
      "model",
    );
  }
  const targets = targetsOf(catalogue, model, call, isolate.settings, caller.authorization);
  if (targets.length === 0) return outOfReach([model], catalogue, call);
  const usd = checkNamed(catalogue, model, request, caller.limits);
  if (!usd.ok) return usd;
  recordNamed(isolate, caller, { model, expectedUsd: usd.value, serving });
  return ok({ targets, headers: {} });
}

async function planAuto(
  asked: Asked,
  call: CallName,
  { body, answers, question }: Extract<AnswerRequest, { readonly kind: "auto" }>,
  live: Serving,
): Promise<Result<Plan, ErrorCode>> {
  const serving = await servingFor(live, question.conversation);
  const { settings } = asked.isolate;
  const { authorization } = asked.caller;
  const usable = (whole: Catalogue) => reachable(whole, call, settings, authorization);
  const catalogue = usable(serving.catalogue);
  const demands = filtersWithKey(question.demands, serving, catalogue, call);
  if (!demands.ok) return demands;
  const suits = suitsRequest(call, body, question.answerTokens);
  const bounds = [demands.value.maxUsd, asked.caller.limits.maxUsd].filter((usd) => usd !== undefined);
  // So many answers cost at most so many times one.
  const ceiling = bounds.length === 0 ? {} : { maxUsd: Math.min(...bounds) / answers };
  const fitting = { ...question, demands: { ...demands.value, ...ceiling, suits } };
  const decision = await decideForCaller(asked, fitting, serving, usable);
  if (!decision.ok) return decision;
  const { decided, id } = decision.value;
  return ok({
    decided,
    targets: decided.decision.ranking.flatMap(({ model }) =>
      targetsOf(catalogue, model, call, settings, authorization),
    ),
    headers: decisionHeaders(decided, id),
  });
}
