import { writeLoggedCandidates } from "../../contract/logged-decision.ts";
import type { Traffic } from "../../contract/traffic.ts";
import type { Decision } from "../../core/decide.ts";
import { type Candidate, cheapestOf } from "../../core/policy.ts";
import type { Predictor } from "../../core/predictor.ts";
import type { Decided } from "../../router/decision.ts";
import type { Serving } from "../../router/serving.ts";
import { decideShadow, type ShadowDecision, type ShadowTally } from "../../router/shadow.ts";
import type { Caller } from "../caller.ts";
import { describeError, logEvent } from "../log.ts";
import type { Analytics, Database, DataPoint } from "../platform.ts";
import type { Settings } from "../state/bindings.ts";
import { answerInTime, databaseCause } from "./database.ts";
import type { Made } from "./feedback.ts";

/** Where decisions are kept besides, for `signalbox report` and /v1/traffic: the table `decisions` of D1. */
export interface DecisionLog {
  /** Never rejects: a decision that could not be stored is logged. */
  write(facts: DecisionFacts): Promise<void>;
  /** Decisions since then (Unix seconds) by model, the most frequent first. */
  countByModel(since: number): Promise<Traffic["data"]>;
}

/** What is recorded of a decision, under the names of D1's columns. Nothing of the prompt is in it. */
export interface DecisionFacts {
  readonly decided_at: number;
  readonly model: string;
  readonly reason: string;
  readonly bundle: string;
  readonly role: string;
  readonly key_name: string | null;
  readonly path: string;
  readonly p_correct: number;
  readonly expected_usd: number;
  readonly familiarity: number;
  readonly cache_hit: number;
  readonly cheapest_usd: number;
  readonly best_on_average_usd: number;
  readonly shadow_bundle: string | null;
  readonly shadow_model: string | null;
  readonly shadow_p_correct: number | null;
  readonly shadow_usd: number | null;
  /** The decision's number, as feedback has it; null where a caller named the model, and so for all below. */
  readonly decision: string | null;
  /** How it was to be chosen, as JSON: a `RequestedRule`. */
  readonly rule: string | null;
  /** What the rule chose before any draw, and with which probability `model` was chosen. */
  readonly policy_model: string | null;
  readonly propensity: number | null;
  /** By contract/logged-decision.ts. */
  readonly candidates: string | null;
  readonly cheapest_p: number | null;
  readonly best_on_average_model: string | null;
  readonly best_on_average_p: number | null;
}

/** Where decisions are recorded; each is undefined where it isn't set up. */
interface Recorders {
  readonly settings: Pick<Settings, "logDecisions" | "analytics">;
  readonly decisionLog: DecisionLog | undefined;
  readonly shadowTally: ShadowTally;
}

/** After the response: the shadow is scored, and the decision recorded wherever that was asked for. */
export function recordDecision(
  { settings: { logDecisions, analytics }, decisionLog, shadowTally }: Recorders,
  { keyName, address, keepAlive }: Caller,
  decided: Decided,
  made: Made,
): void {
  if (logDecisions) logDecision(decided, address);
  if (analytics === undefined && decisionLog === undefined && decided.serving.shadow === undefined) return;
  const work = async () => {
    // waitUntil would begin the work at once; the response goes first.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const shadow = decideShadow(decided);
    if (shadow !== undefined) shadowTally.record(shadow, policyModelOf(decided.decision));
    const facts = factsOf(decided, made, shadow, keyName, address);
    await write(facts, analytics, decisionLog);
  };
  keepAlive(work().catch(notRecorded));
}

/** The same for a completion whose model the caller named: nothing was predicted, but it costs as much. */
export function recordNamed(
  { settings: { analytics }, decisionLog }: Pick<Recorders, "settings" | "decisionLog">,
  { keyName, address, keepAlive }: Caller,
  { model, expectedUsd, serving }: NamedCompletion,
): void {
  if (analytics === undefined && decisionLog === undefined) return;
  const facts: DecisionFacts = {
    decided_at: Math.floor(Date.now() / 1000),
    model,
    reason: "named",
    bundle: serving.pointer.bundle,
    role: "named",
    key_name: keyName ?? null,
    path: address,
    p_correct: 0,
    expected_usd: expectedUsd,
    familiarity: 1,
    cache_hit: 0,
    cheapest_usd: expectedUsd,
    best_on_average_usd: expectedUsd,
    shadow_bundle: null,
    shadow_model: null,
    shadow_p_correct: null,
    shadow_usd: null,
    decision: null,
    rule: null,
    policy_model: null,
    propensity: null,
    candidates: null,
    cheapest_p: null,
    best_on_average_model: null,
    best_on_average_p: null,
  };
  keepAlive(write(facts, analytics, decisionLog).catch(notRecorded));
}

interface NamedCompletion {
  readonly model: string;
  readonly expectedUsd: number;
  readonly serving: Serving;
}

async function write(
  facts: DecisionFacts,
  analytics: Analytics | undefined,
  decisionLog: DecisionLog | undefined,
): Promise<void> {
  try {
    analytics?.writeDataPoint(dataPoint(facts));
  } catch (error) {
    notRecorded(error);
  }
  await decisionLog?.write(facts);
}

function notRecorded(error: unknown): void {
  logEvent({ event: "not_recorded", ...describeError(error) });
}

function logDecision({ decision, cacheHit }: Decided, path: string): void {
  const { model, reason, pCorrect, expectedUsd, familiarity, moved } = decision;
  const numbers = { p_correct: pCorrect, expected_usd: expectedUsd, familiarity };
  const move = moved === undefined ? {} : { moved_from: moved.from, moved_because: moved.because };
  logEvent({ event: "decision", path, model, reason, ...numbers, cache_hit: cacheHit, ...move });
}

function factsOf(
  { decision, session, serving, cacheHit }: Decided,
  { number, decidedAt }: Made,
  shadow: ShadowDecision | undefined,
  keyName: string | undefined,
  path: string,
): DecisionFacts {
  const { pointer, predictor, role } = serving;
  const cheapest = cheapestOf(decision.ranking);
  const bestOnAverage = bestOnAverageOf(decision.ranking, predictor);
  return {
    decided_at: Math.floor(decidedAt.getTime() / 1000),
    model: decision.model,
    reason: decision.reason,
    bundle: pointer.bundle,
    role,
    key_name: keyName ?? null,
    path,
    p_correct: decision.pCorrect,
    expected_usd: decision.expectedUsd,
    familiarity: decision.familiarity,
    cache_hit: cacheHit ? 1 : 0,
    cheapest_usd: cheapest.expectedUsd,
    best_on_average_usd: bestOnAverage.expectedUsd,
    shadow_bundle: shadow?.bundle ?? null,
    shadow_model: shadow?.model ?? null,
    shadow_p_correct: shadow?.pCorrect ?? null,
    shadow_usd: shadow?.expectedUsd ?? null,
    decision: number,
    rule: JSON.stringify(session.request.rule),
    policy_model: policyModelOf(decision),
    propensity: decision.exploration?.propensity ?? 1,
    candidates: writeLoggedCandidates(decision),
    cheapest_p: cheapest.pCorrect,
    best_on_average_model: bestOnAverage.model,
    best_on_average_p: bestOnAverage.pCorrect,
  };
}

/** The columns of one decision; docs/deploy.md lists them. Their order is a contract with stored queries: add at the end. */
function dataPoint(facts: DecisionFacts): DataPoint {
  return {
    indexes: [facts.key_name ?? "open"],
    blobs: [
      facts.model,
      facts.reason,
      facts.bundle,
      facts.role,
      facts.key_name,
      facts.path,
      facts.shadow_bundle,
      facts.shadow_model,
    ],
    doubles: [
      facts.p_correct,
      facts.expected_usd,
      facts.familiarity,
      facts.cache_hit,
      facts.cheapest_usd,
      facts.best_on_average_usd,
      facts.shadow_p_correct ?? 0,
      facts.shadow_usd ?? 0,
    ],
  };
}

export function createDecisionLog(database: Database): DecisionLog {
  return {
    async write(facts) {
      const columns = Object.keys(facts);
      const sql = `INSERT INTO decisions (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
      try {
        const statement = database.prepare(sql).bind(...Object.values(facts));
        await answerInTime(statement.run());
      } catch (error) {
        logEvent({ event: "not_recorded", cause: databaseCause(error), ...describeError(error) });
      }
    },
    async countByModel(since) {
      const statement = database
        .prepare(
          "SELECT model, COUNT(*) AS decisions, TOTAL(expected_usd) AS expected_usd FROM decisions WHERE decided_at >= ? GROUP BY model ORDER BY decisions DESC, model",
        )
        .bind(since);
      const { results } = await answerInTime(statement.all());
      return results as Traffic["data"];
    },
  };
}

function policyModelOf({ model, exploration }: Decision): string {
  return exploration?.policyModel ?? model;
}

/** The candidate that is best on average, whatever the prompt. */
function bestOnAverageOf(ranking: Decision["ranking"], { models, priors }: Predictor): Candidate {
  const priorOf = (model: string) => priors[models.indexOf(model)] ?? Number.NEGATIVE_INFINITY;
  return ranking.toSorted((a, b) => priorOf(b.model) - priorOf(a.model))[0] as Candidate;
}
