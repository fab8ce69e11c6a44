import { readFileSync } from "node:fs";
import { unwrap } from "../../src/cli/failure.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { DecisionFacts } from "../../src/worker/records/analytics.ts";

const DAY_SECONDS = 24 * 3600;
const bundle = new URL("../../models/default/bundle.safetensors", import.meta.url);
export const predictor = unwrap(loadPredictor(readFileSync(bundle)));
export const models = predictor.models.slice(0, 3);

/** 10,000 decisions of ten days, the same in every run. */
export function makeRows(now: number): readonly DecisionFacts[] {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const oneOf = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  return Array.from({ length: 10_000 }, (_, i) => {
    const isCanary = random() < 0.1;
    const isShadowed = !isCanary && random() < 0.5;
    const usd = random() / 100;
    const policyModel = oneOf(models);
    // Two of three can be drawn, in a share of .3 of the decisions; in every fifth decision nobody.
    const drawable =
      i % 5 === 0 ? [] : models.filter((model) => model === policyModel || model !== models[2]);
    const model = random() < 0.3 && drawable.length > 1 ? oneOf(drawable) : policyModel;
    const candidates = models.map((name): LoggedRow => {
      const row = [name, Number(random().toFixed(4)), Number((random() / 100).toPrecision(4))] as const;
      return drawable.includes(name) && drawable.length > 1 ? [...row, 1] : row;
    });
    const kept = random() < 0.05;
    return {
      decided_at: now - Math.floor(random() * 10 * DAY_SECONDS) - 60,
      model,
      reason: kept
        ? "kept_current"
        : model !== policyModel
          ? "explored"
          : random() < 0.07
            ? "best_on_average"
            : "highest_p_correct",
      bundle: (isCanary ? "c" : "a").repeat(64),
      role: isCanary ? "canary" : "live",
      key_name: random() < 0.5 ? "app" : null,
      path: "/v1/route",
      p_correct: random(),
      expected_usd: usd,
      familiarity: random(),
      cache_hit: random() < 0.3 ? 1 : 0,
      cheapest_usd: usd / 3,
      best_on_average_usd: usd * 2,
      shadow_bundle: isShadowed ? "d".repeat(64) : null,
      // Now and then the shadow finds no candidate.
      shadow_model: isShadowed && random() < 0.98 ? oneOf(models) : null,
      shadow_p_correct: isShadowed ? random() : null,
      shadow_usd: isShadowed ? random() / 100 : null,
      decision: i.toString(16).padStart(32, "0"),
      rule: JSON.stringify(i % 2 ? { kind: "quality" } : { kind: "tolerance", tolerance: 0.1 }),
      policy_model: policyModel,
      propensity: drawable.length < 2 ? 1 : 0.3 / drawable.length + (model === policyModel ? 0.7 : 0),
      candidates: JSON.stringify(candidates),
      cheapest_p: random(),
      best_on_average_model: oneOf(models),
      best_on_average_p: random(),
    };
  });
}

export type LoggedRow = readonly [string, number, number, 1?];

/** Scores of every tenth decision; some are of a model that answered in another's place. */
export function makeFeedback(all: readonly DecisionFacts[]): readonly FeedbackColumns[] {
  return all
    .filter((_, i) => i % 10 === 3)
    .map((row, i) => ({
      decision: row.decision as string,
      model: i % 25 === 0 ? "another-model" : row.model,
      score: ((i * 7) % 11) / 10,
      bundle: row.bundle.slice(0, 16),
      encoder: predictor.encoder.checksum.slice(0, 16),
      embedding: Buffer.from(
        Int8Array.from({ length: predictor.encoder.dimension }, (_, k) => ((i * 31 + k * k * 17) % 255) - 127)
          .buffer,
      ).toString("base64"),
      decided_at: row.decided_at,
      received_at: row.decided_at + 5,
      signal: i % 5 === 0 ? "edited" : null,
    }));
}

/** Signals on some of these answers; where a score was sent too, the two can be compared. */
export function makeSignals(scores: readonly FeedbackColumns[]): readonly SignalColumns[] {
  return scores
    .filter((_, i) => i % 3 === 0)
    .map(({ decision, model, received_at }, i) => ({
      ...{ decision, model, received_at },
      ...(i % 4 === 0 ? { signal: "edited", score: 0.6 } : { signal: "accepted", score: 1 }),
    }));
}

export interface SignalColumns {
  readonly decision: string;
  readonly model: string;
  readonly received_at: number;
  readonly signal: string;
  readonly score: number;
}

export interface FeedbackColumns {
  readonly signal: string | null;
  readonly decision: string;
  readonly model: string;
  readonly score: number;
  readonly bundle: string;
  readonly encoder: string;
  readonly embedding: string;
  readonly decided_at: number;
  readonly received_at: number;
}

/** The statements that put these rows into a table. */
export function insertsOf(table: string, rows: readonly object[], together: number): readonly string[] {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  const inserts: string[] = [];
  for (let start = 0; start < rows.length; start += together) {
    const values = rows
      .slice(start, start + together)
      .map((row) => `(${Object.values(row).map(literal).join(", ")})`);
    inserts.push(`INSERT INTO ${table} (${columns}) VALUES ${values.join(", ")};`);
  }
  return inserts;
}

function literal(value: string | number | null): string {
  return typeof value === "string" ? `'${value}'` : String(value ?? "NULL");
}
