import { parseLoggedCandidates, parseLoggedRule } from "../../contract/logged-decision.ts";
import type { RequestedRule } from "../../core/policy.ts";
import type { GradedDecision } from "../../core/policy-value.ts";
import { unwrap } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { queryDatabase } from "./query.ts";

/** A logged decision with the score of its answer. */
export interface GradedRow extends GradedDecision {
  readonly pCorrect: number;
  readonly expectedUsd: number;
  readonly rule: RequestedRule;
  readonly bestOnAverage: string;
  /** First 16 digits of the checksum. */
  readonly encoder: string;
  /** Base64 of int8 values. */
  readonly embedding: string;
}

interface Row {
  readonly rowid: number;
  readonly score: number;
  readonly encoder: string;
  readonly embedding: string;
  readonly model: string;
  readonly p_correct: number;
  readonly expected_usd: number;
  readonly rule: string;
  readonly policy_model: string;
  readonly propensity: number;
  readonly candidates: string;
  readonly best_on_average_model: string;
}

// About 3.5 KB a row with sixty candidates.
const PAGE_ROWS = 4000;

/**
 * Decisions since then whose chosen model was graded, page by page. Left out are those without a choice to
 * make: a conversation that stays on its model or goes one step up. CROSS JOIN holds SQLite to reading feedback first and
 * finding each one's decision by the index of its time.
 */
export async function* readGraded(target: TargetOptions, since: Date): AsyncGenerator<GradedRow> {
  const from = Math.floor(since.getTime() / 1000);
  let after = 0;
  for (;;) {
    const [page = []] = (await queryDatabase(
      target,
      `SELECT f.rowid, f.score, f.encoder, f.embedding, d.model, d.p_correct, d.expected_usd, d.rule, d.policy_model, d.propensity, d.candidates, d.best_on_average_model FROM feedback f CROSS JOIN decisions d ON d.decided_at = f.decided_at AND d.decision = f.decision AND d.model = f.model WHERE f.rowid > ${after} AND f.decided_at >= ${from} AND d.reason NOT IN ('kept_current', 'escalated') ORDER BY f.rowid LIMIT ${PAGE_ROWS}`,
    )) as readonly (readonly Row[])[];
    for (const row of page) yield graded(row);
    if (page.length < PAGE_ROWS) return;
    after = (page.at(-1) as Row).rowid;
  }
}

function graded(row: Row): GradedRow {
  return {
    model: row.model,
    score: row.score,
    propensity: row.propensity,
    policyModel: row.policy_model,
    candidates: unwrap(parseLoggedCandidates(row.candidates)),
    pCorrect: row.p_correct,
    expectedUsd: row.expected_usd,
    rule: unwrap(parseLoggedRule(row.rule)),
    bestOnAverage: row.best_on_average_model,
    encoder: row.encoder,
    embedding: row.embedding,
  };
}
