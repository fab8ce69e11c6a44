import type { TargetOptions } from "../kv/target-options.ts";
import { askDatabase } from "./query.ts";

/** What a span of recorded decisions amounts to. Sums and means are over expected values, but for `feedback`. */
export interface Report {
  readonly decisions: number;
  readonly usd: number;
  /** What always the cheapest candidate, or always the one that is best on average, would have cost. */
  readonly usd_always_cheapest: number;
  readonly usd_always_best: number;
  /** Mean probability of a correct answer by the bundles that decided; null without decisions that tell it. */
  readonly mean_p_correct: number | null;
  readonly mean_p_always_cheapest: number | null;
  readonly mean_p_always_best: number | null;
  /** Decisions whose model was drawn at random. */
  readonly explored: number;
  /** Share of prompts so unfamiliar that the best model on average was taken; null without decisions. */
  readonly share_unfamiliar: number | null;
  readonly share_cache_hits: number | null;
  readonly models: readonly { readonly model: string; readonly decisions: number; readonly usd: number }[];
  readonly days: readonly {
    readonly day: string;
    readonly decisions: number;
    readonly mean_familiarity: number;
  }[];
  readonly bundles: readonly {
    readonly bundle: string;
    readonly role: string;
    readonly decisions: number;
    readonly mean_p_correct: number;
    readonly mean_usd: number;
  }[];
  readonly shadows: readonly {
    readonly shadow_bundle: string;
    readonly compared: number;
    readonly different: number;
    readonly mean_p_correct: number | null;
    readonly mean_usd: number | null;
  }[];
  readonly feedback: readonly {
    /** First 16 digits. */
    readonly bundle: string;
    readonly scores: number;
    readonly mean_score: number;
  }[];
  readonly signals: readonly {
    readonly signal: string;
    readonly received: number;
    /** By SIGNALS. */
    readonly mean_score: number;
    /** Answers that a score was sent for too: how many, their mean, and how far the signal's score was from it. */
    readonly graded: number;
    readonly mean_grade: number | null;
    readonly mean_difference: number | null;
  }[];
  /** Attempts to learn from feedback since then, by what came of them. */
  readonly learning: readonly { readonly stage: string; readonly runs: number }[];
  /** All that is kept, whatever its age; a database of this machine does not tell its bytes. */
  readonly database: {
    readonly bytes: number | null;
    readonly feedback_rows: number;
    readonly decision_rows: number;
  };
}

/** Adds up the tables `decisions` and `feedback` in the database itself; one call for all of it. */
export async function readReport(target: TargetOptions, since: Date): Promise<Report> {
  const from = Math.floor(since.getTime() / 1000);
  const where = `FROM decisions WHERE decided_at >= ${from}`;
  const statements = [
    `SELECT COUNT(*) AS decisions, TOTAL(expected_usd) AS usd, TOTAL(cheapest_usd) AS usd_always_cheapest, TOTAL(best_on_average_usd) AS usd_always_best, AVG(CASE WHEN candidates IS NOT NULL THEN p_correct END) AS mean_p_correct, AVG(cheapest_p) AS mean_p_always_cheapest, AVG(best_on_average_p) AS mean_p_always_best, TOTAL(reason = 'explored') AS explored, AVG(reason = 'best_on_average') AS share_unfamiliar, AVG(cache_hit) AS share_cache_hits ${where}`,
    `SELECT model, COUNT(*) AS decisions, SUM(expected_usd) AS usd ${where} GROUP BY model ORDER BY decisions DESC, model`,
    `SELECT DATE(decided_at, 'unixepoch') AS day, COUNT(*) AS decisions, AVG(familiarity) AS mean_familiarity ${where} GROUP BY day ORDER BY day`,
    `SELECT bundle, role, COUNT(*) AS decisions, AVG(p_correct) AS mean_p_correct, AVG(expected_usd) AS mean_usd ${where} GROUP BY bundle, role ORDER BY decisions DESC, bundle, role`,
    `SELECT shadow_bundle, COUNT(*) AS compared, SUM(shadow_model IS NOT COALESCE(policy_model, model)) AS different, AVG(shadow_p_correct) AS mean_p_correct, AVG(shadow_usd) AS mean_usd ${where} AND shadow_bundle IS NOT NULL GROUP BY shadow_bundle ORDER BY compared DESC, shadow_bundle`,
    `SELECT bundle, COUNT(*) AS scores, AVG(score) AS mean_score FROM feedback WHERE decided_at >= ${from} GROUP BY bundle ORDER BY scores DESC, bundle`,
    `SELECT stage, COUNT(*) AS runs FROM learning_runs WHERE started_at >= ${from} GROUP BY stage ORDER BY runs DESC, stage`,
    `SELECT s.signal, COUNT(*) AS received, AVG(s.score) AS mean_score, COUNT(f.score) AS graded, AVG(f.score) AS mean_grade, AVG(ABS(f.score - s.score)) AS mean_difference FROM signals s LEFT JOIN feedback f ON f.decision = s.decision AND f.model = s.model AND f.signal IS NULL WHERE s.received_at >= ${from} GROUP BY s.signal ORDER BY received DESC, s.signal`,
    "SELECT (SELECT COUNT(*) FROM feedback) AS feedback_rows, (SELECT COUNT(*) FROM decisions) AS decision_rows",
  ];
  const answers = await askDatabase(target, statements.join("; "));
  const [totals, models, days, bundles, shadows, feedback, learning, signals, kept] = answers.map(
    ({ results }) => results,
  );
  const database = { bytes: answers.at(-1)?.meta?.size_after ?? null, ...(kept?.[0] as object) };
  return {
    ...(totals?.[0] as object),
    models,
    days,
    bundles,
    shadows,
    feedback,
    signals,
    learning,
    database,
  } as Report;
}
