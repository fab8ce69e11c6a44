import type { Result } from "../core/result.ts";
import type { LineCode } from "../outcomes/json-lines.ts";

/** What one model got for one prompt. */
export interface Sample {
  readonly task: string;
  /** Of the prompt within its task, equal in the files of all models; absent where the tool gives none. */
  readonly id?: string;
  readonly prompt: string;
  /** Equal for equal prompts, for tools that wrap the prompt differently for each model; else the prompt itself. */
  readonly fingerprint?: string;
  readonly model: string;
  /** In [0, 1]. */
  readonly score: number;
  readonly outputChars?: number;
  readonly outputTokens?: number;
  readonly costUsd?: number;
  /** File and line, or file and entry: for messages. */
  readonly place: string;
}

/** Something in the file that is no result of a model, and why. */
interface Skipped {
  readonly skipped: string;
  readonly place: string;
}

export type ImportCode =
  | LineCode
  | "wrong_format"
  | "file_too_large"
  | "broken_csv"
  | "broken_zip"
  | "wrong_type"
  | "score_out_of_range"
  | "choose_metric"
  | "unknown_metric"
  | "unknown_model"
  | "prompt_mismatch"
  | "nothing_imported";

/** What the person importing says about a file that the file does not, or that they know better. */
export interface ImportOptions {
  /** Name of the model, in place of the file's own. */
  readonly model?: string;
  /** Name of the task, in place of the file's own. */
  readonly task?: string;
  /** Metrics in order of preference; nothing means the tool's usual one, or the only one. */
  readonly metrics: readonly string[];
  /** Field of the tool's sample that holds the prompt, in place of what the tool sent. */
  readonly promptField?: string;
  /** The score that means perfect: scores are divided by it. */
  readonly maxScore: number;
  /** Columns of a table, in place of those of the fields' own names. */
  readonly map?: Readonly<Partial<Record<TableField, string>>>;
  /** Columns of a table that hold one model's scores each, in place of all that are nothing else. */
  readonly columns?: readonly string[];
}

/** What a row of a table may tell of a result. */
export const tableFields = [
  "prompt",
  "model",
  "score",
  "task",
  "id",
  "output_chars",
  "output_tokens",
  "cost_usd",
] as const;
export type TableField = (typeof tableFields)[number];

export type ImportItem = Result<Sample | Skipped, ImportCode>;

/** One tool's result files. */
export interface Importer {
  /** What a message calls such a file: "a promptfoo result". */
  readonly noun: string;
  /** For the help: tool, kind of file. */
  readonly summary: string;
  /** Streams what a file holds. A failure ends the stream and names file and line. */
  read(file: string, options: ImportOptions): AsyncIterable<ImportItem>;
}
