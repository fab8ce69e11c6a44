import type { TargetOptions } from "../kv/target-options.ts";
import { queryDatabase } from "./query.ts";

/** A row of the table `feedback`, in the columns that training needs. */
export interface FeedbackRow {
  readonly rowid: number;
  readonly decision: string;
  readonly model: string;
  readonly score: number;
  readonly encoder: string;
  readonly embedding: string;
  /** Name of the API key that sent it; null where the Worker was open. */
  readonly key_name: string | null;
}

// About 1.2 KB a row; answers of D1 must stay well below 100 MB, and Wrangler's start takes longer than a page.
const PAGE_ROWS = 5000;

/** All feedback received since then, the oldest first, through the `wrangler` command with its login. */
export async function readFeedback(
  target: TargetOptions,
  since: Date,
  onProgress: (rows: number) => void,
): Promise<readonly FeedbackRow[]> {
  const rows: FeedbackRow[] = [];
  let after = 0;
  for (;;) {
    const [page = []] = (await queryDatabase(
      target,
      `SELECT rowid, decision, model, score, encoder, embedding, key_name FROM feedback WHERE rowid > ${after} AND received_at >= ${Math.floor(since.getTime() / 1000)} ORDER BY rowid LIMIT ${PAGE_ROWS}`,
    )) as readonly (readonly FeedbackRow[])[];
    rows.push(...page);
    onProgress(rows.length);
    if (page.length < PAGE_ROWS) return rows;
    after = (page.at(-1) as FeedbackRow).rowid;
  }
}

/** Rows of feedback and of decisions that are older than that. */
export async function countBefore(
  target: TargetOptions,
  before: Date,
): Promise<{ readonly feedback: number; readonly decisions: number }> {
  const seconds = Math.floor(before.getTime() / 1000);
  const [rows = []] = (await queryDatabase(
    target,
    `SELECT (SELECT COUNT(*) FROM feedback WHERE received_at < ${seconds}) AS feedback, (SELECT COUNT(*) FROM decisions WHERE decided_at < ${seconds}) AS decisions`,
  )) as readonly (readonly { readonly feedback: number; readonly decisions: number }[])[];
  return rows[0] ?? { feedback: 0, decisions: 0 };
}

export async function deleteBefore(target: TargetOptions, before: Date): Promise<void> {
  const seconds = Math.floor(before.getTime() / 1000);
  await queryDatabase(
    target,
    `DELETE FROM feedback WHERE received_at < ${seconds}; DELETE FROM signals WHERE received_at < ${seconds}; DELETE FROM decisions WHERE decided_at < ${seconds}; DELETE FROM completions WHERE ended_at < ${seconds}`,
  );
}
