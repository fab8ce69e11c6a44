import type { Figures } from "../../learning/run-learning.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { queryDatabase } from "./query.ts";

/** One attempt to learn, and what came of it. */
export interface LearningRun {
  /** ISO 8601. */
  readonly started_at: string;
  readonly stage: "learning" | "publishing" | "published" | "declined" | "given_up";
  readonly bundle: string | null;
  readonly reason: string | null;
  /** Null while it goes on. */
  readonly figures: Figures | null;
}

const SHOWN = 10;

/** The latest attempts, the last one first. */
export async function readLearningHistory(target: TargetOptions): Promise<readonly LearningRun[]> {
  const [rows = []] = await queryDatabase(
    target,
    `SELECT STRFTIME('%Y-%m-%dT%H:%M:%SZ', started_at, 'unixepoch') AS started_at, stage, bundle, reason, figures FROM learning_runs ORDER BY id DESC LIMIT ${SHOWN}`,
  );
  return (rows as readonly (Omit<LearningRun, "figures"> & { readonly figures: string | null })[]).map(
    (row) => ({ ...row, figures: row.figures === null ? null : JSON.parse(row.figures) }),
  );
}
