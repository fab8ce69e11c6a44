import type { ErrorCode } from "../../contract/error.ts";
import type { Failure } from "../../core/result.ts";
import type { Settings } from "../state/bindings.ts";
import type { Isolate } from "../state/isolate.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { DEFAULT_COOLDOWN_MS } from "./cooldowns.ts";
import type { Target } from "./provider.ts";

/** How a completion ended. */
export type Completion =
  | {
      readonly kind: "answered";
      readonly target: Target;
      readonly attempts: number;
      readonly answer: Answered;
    }
  | {
      readonly kind: "failed";
      readonly attempts: number;
      readonly failure: Failure<ErrorCode>;
      readonly retryAfterMs?: number;
    };

type Answered = Extract<Attempt, { readonly kind: "answered" }>;
type Failed = Extract<Attempt, { readonly kind: "failed" }>;

/**
 * Tries the targets in their order until one answers. Those that rest come last, and are waited for only if nothing
 * else is left and the budget allows it. Once a byte of an answer was seen there is no other attempt.
 * @param keyName of the API key that asks; undefined where access is open
 */
export async function completeWithFallback(
  targets: readonly Target[],
  body: Readonly<Record<string, unknown>>,
  keyName: string | undefined,
  budget: Pick<Settings, "attemptTimeoutMs" | "totalTimeoutMs" | "maxAttempts">,
  { cooldowns, providerLog }: Pick<Isolate, "cooldowns" | "providerLog">,
): Promise<Completion> {
  const deadline = Date.now() + budget.totalTimeoutMs;
  const owner = keyName ?? "";
  // A limit that belongs to a caller's own key at the provider says nothing of anyone else's, nor theirs of it.
  const restOf = ({ model, callerPays }: Target) => (callerPays ? 0 : cooldowns.remainingMs(model, owner));
  const queue = [...targets].sort((a, b) => Math.sign(restOf(a)) - Math.sign(restOf(b)));
  let attempts = 0;
  let last: Failed | undefined;
  for (const target of queue) {
    const restMs = restOf(target);
    const leftMs = deadline - Date.now();
    if (attempts >= budget.maxAttempts || leftMs <= 0) break;
    if (restMs > 0) {
      last ??= { kind: "failed", cause: "rate_limited" };
      if (attempts > 0 || restMs >= leftMs || restMs > LONGEST_WAIT_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    attempts++;
    const result = await attempt(target, body, Math.min(budget.attemptTimeoutMs, deadline - Date.now()), {
      silenceMs: budget.attemptTimeoutMs,
      onBroken: () => providerLog.note({ ...nameOf(target), cause: "broken_off" }),
    });
    if (result.kind === "answered") return { kind: "answered", target, attempts, answer: result };
    if (result.kind === "refused") {
      providerLog.note({ ...nameOf(target), cause: "refused" });
      const message = `${target.provider} refuses the Worker's key for it, ${target.keyName}`;
      return failed(attempts, "provider_refused", message);
    }
    last = result;
    providerLog.note({ ...nameOf(target), cause: result.cause, status: result.status });
    if (!target.callerPays && (result.cause === "rate_limited" || result.retryAfterMs !== undefined)) {
      cooldowns.rest(target.model, owner, result.retryAfterMs ?? DEFAULT_COOLDOWN_MS);
    }
  }
  const soonest = Math.min(...queue.map(restOf));
  return exhausted(attempts, last, soonest > 0 ? soonest : (last?.retryAfterMs ?? DEFAULT_COOLDOWN_MS));
}

function nameOf({ provider, model }: Target) {
  return { provider, model };
}

// Longer than that, and the caller does better to come back.
const LONGEST_WAIT_MS = 10_000;

function exhausted(attempts: number, last: Failed | undefined, retryAfterMs: number): Completion {
  const tried = `${attempts} of the candidates ${attempts === 1 ? "was" : "were"} tried`;
  if (last?.cause === "timeout" || last === undefined) {
    return failed(attempts, "upstream_timeout", `no answer began in time; ${tried}`);
  }
  if (last.cause === "rate_limited") {
    return {
      ...failed(attempts, "upstream_rate_limited", `the providers are over their limits; ${tried}`),
      retryAfterMs,
    };
  }
  const detail =
    last.status === undefined
      ? "could not be reached"
      : `answered ${last.status}${last.status < 300 ? " without a completion" : ""}`;
  return failed(attempts, "upstream_failed", `the last provider ${detail}; ${tried}`);
}

function failed(attempts: number, code: ErrorCode, message: string) {
  return { kind: "failed" as const, attempts, failure: { code, message } };
}
