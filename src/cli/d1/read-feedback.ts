import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { lastLines, runWrangler } from "../run-wrangler.ts";

/** A row of the table `feedback`, in the columns that training needs. */
export interface FeedbackRow {
  readonly rowid: number;
  readonly decision: string;
  readonly model: string;
  readonly score: number;
  readonly encoder: string;
  readonly embedding: string;
}

/** The binding's name in wrangler.toml. */
const D1_BINDING = "DB";
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
    const page = (await query(
      target,
      `SELECT rowid, decision, model, score, encoder, embedding FROM feedback WHERE rowid > ${after} AND received_at >= ${Math.floor(since.getTime() / 1000)} ORDER BY rowid LIMIT ${PAGE_ROWS}`,
    )) as readonly FeedbackRow[];
    rows.push(...page);
    onProgress(rows.length);
    if (page.length < PAGE_ROWS) return rows;
    after = (page.at(-1) as FeedbackRow).rowid;
  }
}

async function query({ remote, config, state }: TargetOptions, sql: string): Promise<readonly unknown[]> {
  const args = ["d1", "execute", D1_BINDING, "--command", sql, "--json", "--config", config];
  args.push(remote ? "--remote" : "--local");
  if (!remote && state !== undefined) args.push("--persist-to", state);
  const { code, stdout, stderr } = await runWrangler(args);
  const answer = parseAnswer(stdout.toString("utf8"));
  if (code === 0 && Array.isArray(answer)) return answer.flatMap(({ results }) => results);
  const message = answer?.error?.text ?? lastLines(stderr || stdout.toString("utf8"));
  if (/no such table/.test(message)) {
    throw new CommandFailure({
      code: "no_tables",
      message: `the database has no tables yet: npx wrangler d1 migrations apply ${D1_BINDING} ${remote ? "--remote" : "--local"}`,
    });
  }
  throw new CommandFailure({
    code: "database_unreadable",
    message: `wrangler could not read D1: ${message}`,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: Wrangler's own output, either a list of results or an error
function parseAnswer(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
