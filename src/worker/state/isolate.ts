import type { ErrorCode } from "../../contract/error.ts";
import { kvKeys } from "../../contract/pointer.ts";
import { ok, type Result } from "../../core/result.ts";
import { createEmbeddingCache, type EmbeddingCache } from "../../router/embedding-cache.ts";
import { createShadowTally, type ShadowTally } from "../../router/shadow.ts";
import { type Backend, type Backends, chooseBackend, encoderOpener } from "../backends/encoder-backend.ts";
import { type BodyBudget, createBodyBudget } from "../http/body-budget.ts";
import { createMinuteCounts, type MinuteCounts } from "../http/minute-counts.ts";
import { logEvent } from "../log.ts";
import { type Cooldowns, createCooldowns } from "../providers/cooldowns.ts";
import { createProviderLog, type ProviderLog } from "../providers/provider-log.ts";
import { createDecisionLog, type DecisionLog } from "../records/analytics.ts";
import { type CompletionLog, createCompletionLog } from "../records/completions.ts";
import { createDriftWatch, type DriftWatch } from "../records/drift.ts";
import { createFeedback, type Feedback } from "../records/feedback.ts";
import { type Env, parseBindings, type Settings } from "./bindings.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { createRouterState, type RouterState } from "./router-state.ts";
import { readKeyRecords } from "./store.ts";

/** What one isolate holds for all its requests: checked settings, the serving state, the embedding cache. */
export interface Isolate {
  readonly settings: Settings;
  readonly state: RouterState;
  /** Undefined where access is open. */
  readonly keyRing: KeyRing | undefined;
  /** How long the last read of an encoder's files from KV took. */
  readonly encoderReads: { readonly lastMs?: number };
  readonly embeddings: EmbeddingCache;
  readonly bodyBudget: BodyBudget;
  /** Of keys whose record bounds their prompts a minute. */
  readonly minuteCounts: MinuteCounts;
  /** Models that are over a limit. */
  readonly cooldowns: Cooldowns;
  /** Models that are gone, and providers that refuse the Worker's key or account. */
  readonly outOfOrder: Cooldowns;
  /** Models that failed at a provider a moment ago: another provider of the same model is asked first. */
  readonly failing: Cooldowns;
  readonly providerLog: ProviderLog;
  readonly shadowTally: ShadowTally;
  readonly feedback: Feedback;
  /** Undefined unless DECISION_LOG asks for it. */
  readonly decisionLog: DecisionLog | undefined;
  /** Undefined where decisions are not recorded. */
  readonly driftWatch: DriftWatch | undefined;
  /** Undefined unless LEARN asks for it. */
  readonly completionLog: CompletionLog | undefined;
}

// Two of the largest bodies. Once parsed, text takes up to twice its bytes, and six times while it is decided on, one at a
// time (docs/security.md has the figures): 17 + 50 MB, which beside 50 MB of encoder and router stay below 128 MB.
const BODY_BYTES_AT_ONCE = 16 * 1024 * 1024;

/** Builds the isolate's things from the environment; nothing is loaded yet. */
export function createIsolate(env: Env, backends: Backends): Result<Isolate, ErrorCode> {
  const settings = parseBindings(env);
  if (!settings.ok) return settings;
  const { access, kv, database, decisionLog, learn, pointerRefreshMs, embeddingCacheEntries } =
    settings.value;
  const chosen = chooseBackend(settings.value.encoderBackend, backends);
  if (!chosen.ok) return chosen;
  const encoderReads: { lastMs?: number } = {};
  const onRead = (ms: number) => {
    encoderReads.lastMs = ms;
  };
  return ok({
    // What /health tells is what runs.
    settings: { ...settings.value, encoderBackend: chosen.value },
    state: createRouterState({
      kv,
      openEncoder: encoderOpener(chosen.value, backends[chosen.value] as Backend, onRead),
      refreshMs: pointerRefreshMs,
      now: Date.now,
      log: logEvent,
    }),
    keyRing:
      access.kind === "open"
        ? undefined
        : createKeyRing({
            secret: access.keys,
            sources: [...access.stores, { name: kvKeys.keys, read: () => readKeyRecords(kv) }],
            refreshMs: pointerRefreshMs,
            now: Date.now,
            log: logEvent,
          }),
    encoderReads,
    embeddings: createEmbeddingCache(embeddingCacheEntries),
    // A body that may come at all must fit in.
    bodyBudget: createBodyBudget(
      Math.max(BODY_BYTES_AT_ONCE, settings.value.maxBodyBytes),
      Math.max(BODY_BYTES_AT_ONCE / 2, settings.value.maxBodyBytes),
    ),
    minuteCounts: createMinuteCounts(Date.now),
    cooldowns: createCooldowns(Date.now),
    outOfOrder: createCooldowns(Date.now),
    failing: createCooldowns(Date.now),
    providerLog: createProviderLog(Date.now, logEvent),
    shadowTally: createShadowTally(),
    feedback: createFeedback(settings.value),
    decisionLog: decisionLog === "d1" && database ? createDecisionLog(database) : undefined,
    driftWatch: decisionLog === "d1" && database ? createDriftWatch(database, Date.now) : undefined,
    completionLog: learn !== "off" && database ? createCompletionLog(database) : undefined,
  });
}
