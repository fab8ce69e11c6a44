import type { ErrorCode } from "../../contract/error.ts";
import type { Failure } from "../../core/result.ts";
import type { Settings } from "../state/bindings.ts";
import type { Isolate } from "../state/isolate.ts";
import { type Attempt, attempt, type Passed } from "./attempt.ts";
import { DEFAULT_COOLDOWN_MS, LONGEST_COOLDOWN_MS } from "./cooldowns.ts";
import { type Cause, faultIsAbout } from "./fault.ts";
import type { Target } from "./provider.ts";

/** How a completion ended. */
export type Completion =
  | {
      readonly kind: "answered";
      readonly target: Target;
      readonly attempts: number;
      /** A completion, or the provider's own refusal of the request. */
      readonly answer: Passed;
    }
  | {
      readonly kind: "failed";
      readonly attempts: number;
      readonly failure: Failure<ErrorCode>;
      readonly retryAfterMs?: number;
    };

type Failed = Extract<Attempt, { readonly kind: "failed" }>;

/** A request as each target is sent it. */
export interface Sent {
  readonly bodyFor: (target: Target) => string;
  readonly streams: boolean;
  /** Those of the caller's that the surface has. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the API key that asks; undefined where access is open. */
  readonly keyName: string | undefined;
}

// What a provider did work for, or was waited for. Refusals cost nothing, so that only the platform's limit of requests
// to others counts them.
const costly: ReadonlySet<Cause> = new Set<Cause>(["timeout", "server_error", "unreachable"]);
const MOST_ATTEMPTS = 20;
// A fault that lasts longer is met again then, and once in so many seconds is not often.
const FAILING_MS = 10_000;
// Longer than that, and the caller does better to come back.
const LONGEST_WAIT_MS = 10_000;

/**
 * Tries the targets in their order until one answers. Those over a limit come last, and are waited for only if nothing
 * else is left and the budget allows it. Once an answer has begun there is no other attempt.
 */
export async function completeWithFallback(
  targets: readonly Target[],
  { bodyFor, streams, headers, keyName }: Sent,
  budget: Pick<Settings, "attemptTimeoutMs" | "totalTimeoutMs" | "maxAttempts">,
  {
    cooldowns,
    outOfOrder,
    failing,
    providerLog,
  }: Pick<Isolate, "cooldowns" | "outOfOrder" | "failing" | "providerLog">,
): Promise<Completion> {
  const deadline = Date.now() + budget.totalTimeoutMs;
  const owner = keyName ?? "";
  // A limit that belongs to a caller's own key at the provider says nothing of anyone else's, nor theirs of it.
  const restOf = (target: Target) => (target.callerPays ? 0 : cooldowns.remainingMs(limitKey(target), owner));
  const isOutOfOrder = (target: Target) =>
    !target.callerPays &&
    [addressKey(target), providerKey(target)].some((key) => outOfOrder.remainingMs(key, owner) > 0);
  const lastness = (target: Target) => (restOf(target) > 0 ? 2 : isOutOfOrder(target) ? 1 : 0);
  const isFailing = (target: Target) => failing.remainingMs(addressKey(target), owner) > 0;
  const place = new Map([...targets.entries()].toReversed().map(([k, { model }]) => [model, k]));
  const placeOf = ({ model }: Target) => place.get(model) as number;
  // Models keep their order, whichever of their providers is well.
  const queue = [...targets].sort(
    (a, b) =>
      lastness(a) - lastness(b) || placeOf(a) - placeOf(b) || Number(isFailing(a)) - Number(isFailing(b)),
  );
  const refusing = new Set<string>();
  const failures: { readonly target: Target; readonly failed: Failed }[] = [];
  let attempts = 0;
  let spent = 0;
  for (const target of queue) {
    const restMs = restOf(target);
    const leftMs = deadline - Date.now();
    if (spent >= budget.maxAttempts || attempts >= MOST_ATTEMPTS || leftMs <= 0) break;
    if (refusing.has(target.provider)) continue;
    if (restMs > 0) {
      if (attempts > 0 || restMs >= leftMs || restMs > LONGEST_WAIT_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    attempts++;
    // An answer that isn't streamed begins when it is finished: who gives up on it pays for it all the same.
    const timeoutMs = streams
      ? Math.min(budget.attemptTimeoutMs, deadline - Date.now())
      : deadline - Date.now();
    const result = await attempt(target, { headers, body: bodyFor(target) }, timeoutMs, {
      silenceMs: budget.attemptTimeoutMs,
      onBroken: () => providerLog.note({ ...nameOf(target), cause: "broken_off" }),
    });
    if (result.kind === "answered") return { kind: "answered", target, attempts, answer: result.answer };
    failures.push({ target, failed: result });
    const { cause, status, retryAfterMs, answer } = result;
    if (cause === "caller_mistake" && answer !== undefined)
      return { kind: "answered", target, attempts, answer };
    if (cause !== "unfit") providerLog.note({ ...nameOf(target), cause, status });
    if (costly.has(cause)) {
      spent++;
      failing.rest(addressKey(target), owner, FAILING_MS);
    }
    const about = faultIsAbout[cause];
    if (about === "provider" || about === "account") refusing.add(target.provider);
    if (target.callerPays) continue;
    if (refusing.has(target.provider)) outOfOrder.rest(providerKey(target), owner, LONGEST_COOLDOWN_MS);
    else if (cause === "model_gone") outOfOrder.rest(addressKey(target), owner, LONGEST_COOLDOWN_MS);
    else if (cause === "rate_limited" || retryAfterMs !== undefined) {
      cooldowns.rest(limitKey(target), owner, retryAfterMs ?? DEFAULT_COOLDOWN_MS);
    }
  }
  const soonest = Math.min(...queue.map(restOf));
  const own = ownWords(failures, targets.length === 1);
  if (own !== undefined) return { kind: "answered", attempts, ...own };
  // A limit tells the caller when to come back; what else failed on the way does not.
  const limited = failures.findLast(({ failed }) => failed.cause === "rate_limited");
  return exhausted(attempts, limited ?? failures.at(-1), soonest);
}

// A limit is the model's, whichever way it is asked. But it may be gone from one address of its provider and be there at
// another.
const limitKey = ({ model, provider }: Target) => `${model} ${provider}`;
const addressKey = ({ model, provider, url }: Target) => `${model} ${provider} ${url}`;
const providerKey = ({ provider }: Target) => provider;

function nameOf({ provider, model }: Target) {
  return { provider, model };
}

/**
 * The refusal to show as the provider wrote it: what the caller can mend, because the request fitted no model or their own
 * key or account was refused, or all that the one model asked for said. What a provider says of the Worker's key is the
 * operator's alone.
 */
function ownWords(
  failures: readonly { readonly target: Target; readonly failed: Failed }[],
  isOnlyTarget: boolean,
): { readonly target: Target; readonly answer: Passed } | undefined {
  const shown =
    failures.find(({ failed }) => failed.cause === "unfit" && failed.answer !== undefined) ??
    failures.find(({ target, failed }) => target.callerPays && isRefusal(failed)) ??
    (isOnlyTarget ? failures[0] : undefined);
  if (shown === undefined) return undefined;
  const { target, failed } = shown;
  const isOperatorsAlone = failed.cause === "refused" && !target.callerPays;
  return failed.answer === undefined || isOperatorsAlone ? undefined : { target, answer: failed.answer };
}

/** Of a key or of the account behind it. */
function isRefusal({ cause }: Failed): boolean {
  return cause === "refused" || cause === "no_credit";
}

function exhausted(
  attempts: number,
  last: { readonly target: Target; readonly failed: Failed } | undefined,
  restMs: number,
): Completion {
  const tried = `${attempts} of the candidates ${attempts === 1 ? "was" : "were"} tried`;
  const cause = last === undefined && restMs > 0 ? "rate_limited" : last?.failed.cause;
  if (cause === undefined || cause === "timeout") {
    return failed(attempts, "upstream_timeout", `no answer began in time; ${tried}`);
  }
  if (cause === "rate_limited") {
    // Of the Worker's own key the next request finds out; a caller's own account may want to be left alone for longer.
    const longest = last?.target.callerPays ? Number.POSITIVE_INFINITY : LONGEST_COOLDOWN_MS;
    const asked = Math.min(last?.failed.retryAfterMs ?? DEFAULT_COOLDOWN_MS, longest);
    const retryAfterMs = restMs > 0 ? restMs : asked;
    return {
      ...failed(attempts, "upstream_rate_limited", `the providers are over their limits; ${tried}`),
      retryAfterMs,
    };
  }
  if (cause === "refused" || cause === "no_credit") {
    const what = cause === "refused" ? `key for it, ${last?.target.keyName}` : "account: it is out of credit";
    return failed(
      attempts,
      "provider_refused",
      `${last?.target.provider} refuses the Worker's ${what}; ${tried}`,
    );
  }
  const status = last?.failed.status;
  const detail =
    status === undefined
      ? "could not be reached"
      : `answered ${status}${status < 300 ? " without a completion" : ""}`;
  return failed(attempts, "upstream_failed", `the last provider ${detail}; ${tried}`);
}

function failed(attempts: number, code: ErrorCode, message: string) {
  return { kind: "failed" as const, attempts, failure: { code, message } };
}
