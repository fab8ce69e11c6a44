import type { ErrorCode } from "../contract/error.ts";
import type { Result } from "../core/result.ts";
import { type LearningOutcome, runLearning } from "../learning/run-learning.ts";
import { describeError, logEvent } from "./log.ts";
import { databaseCause } from "./records/database.ts";
import type { Env } from "./state/bindings.ts";
import type { Isolate } from "./state/isolate.ts";

// Of a million it takes the CPU time of an invocation in the Paid plan; `npm run bench -- --only learning` tells what one
// takes.
const MOST_ROWS = 20_000;

/** What a Cron Trigger runs: learning from feedback, where LEARN asks for it. */
export function createScheduled(isolateOf: (env: Env) => Result<Isolate, ErrorCode>) {
  return async function scheduled(_event: unknown, env: Env): Promise<void> {
    const isolate = isolateOf(env);
    if (!isolate.ok) {
      logEvent({ event: "not_learned", code: isolate.failure.code, message: isolate.failure.message });
      return;
    }
    const outcome = await learnOnce(isolate.value);
    if (outcome !== undefined) logEvent({ event: "learning", ...described(outcome) });
  };
}

async function learnOnce({ settings }: Isolate): Promise<LearningOutcome | undefined> {
  const { learn, learnPercent, learnMinFeedback, learnPerKey, database, kv } = settings;
  if (learn === "off" || database === undefined) return undefined;
  const storage = {
    async get(key: string) {
      // The shortest that KV takes.
      const value = await kv.get(key, { type: "arrayBuffer", cacheTtl: 30 });
      return value === null ? undefined : new Uint8Array(value);
    },
    put: (key: string, bytes: Uint8Array) => kv.put(key, bytes),
  };
  try {
    return await runLearning(
      { database, storage, holder: crypto.randomUUID(), now: Date.now },
      {
        role: learn === "live" ? { kind: "live" } : { kind: "canary", percent: learnPercent },
        minFeedback: learnMinFeedback,
        perKey: learnPerKey,
        mostRows: MOST_ROWS,
      },
    );
  } catch (error) {
    logEvent({ event: "not_learned", cause: databaseCause(error), ...describeError(error) });
    throw error;
  }
}

function described(outcome: LearningOutcome): Readonly<Record<string, unknown>> {
  if (!("figures" in outcome)) return outcome;
  const { figures, ...rest } = outcome;
  return { ...rest, ...figures.judgment };
}
