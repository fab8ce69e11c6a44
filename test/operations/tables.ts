import { env } from "cloudflare:workers";
import feedback from "../../migrations/0001_feedback.sql?raw";
import decisions from "../../migrations/0002_decisions.sql?raw";
import feedbackOfDay from "../../migrations/0003_feedback_of_day.sql?raw";
import learning from "../../migrations/0004_learning.sql?raw";
import loggedDecisions from "../../migrations/0005_logged_decisions.sql?raw";
import drift from "../../migrations/0006_drift.sql?raw";
import signals from "../../migrations/0007_signals.sql?raw";

interface Statement {
  run(): Promise<unknown>;
  all(): Promise<{ readonly results: readonly Record<string, unknown>[] }>;
}

const database = env["DB"] as { prepare(sql: string): Statement };

/** Runs one statement in the Worker's D1 and returns its rows. */
export async function sql(statement: string): Promise<readonly Record<string, unknown>[]> {
  return (await database.prepare(statement).all()).results;
}

/** Makes the tables anew, by the migrations that are deployed. */
export async function makeTables(): Promise<void> {
  const learned = ["learning", "learning_evidence", "learning_runs", "completions"];
  for (const table of ["feedback", "decisions", "drift", "signals", ...learned])
    await sql(`DROP TABLE IF EXISTS ${table}`);
  // D1 takes one statement at a time; comments may hold semicolons.
  const statements =
    `${feedback}\n${decisions}\n${feedbackOfDay}\n${learning}\n${loggedDecisions}\n${drift}\n${signals}`
      .replaceAll(/^\s*--.*$/gm, "")
      .split(";");
  for (const statement of statements) if (statement.trim() !== "") await sql(statement);
}
