import { describeValue } from "../core/describe-value.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { ImportCode, ImportOptions } from "./importer.ts";

/** As people and tools write right and wrong. */
const words: ReadonlyMap<string, number> = new Map([
  ...["true", "pass", "passed", "yes", "correct", "right"].map((word) => [word, 1] as const),
  ...["false", "fail", "failed", "no", "incorrect", "wrong"].map((word) => [word, 0] as const),
]);

/** As pandas, R and spreadsheets write that there is no value. */
const missingWords: ReadonlySet<string> = new Set([
  "",
  "nan",
  "na",
  "n/a",
  "<na>",
  "null",
  "none",
  "-",
  "#n/a",
]);

/** Whether a table's cell says that the model has no result. */
export function isMissing(cell: string | undefined): boolean {
  return cell === undefined || missingWords.has(cell.trim().toLowerCase());
}

/**
 * A tool's value as a score in [0, 1].
 * @param value a number, a boolean, or one of them as text, as in a CSV cell
 * @param what what the value is, for the message: `"acc"`
 */
export function toScore(
  value: unknown,
  what: string,
  place: string,
  file: string,
  { maxScore }: ImportOptions,
): Result<number, ImportCode> {
  const number = toNumber(value);
  if (number === undefined) {
    return fail(
      "wrong_type",
      `${place}: ${what} must be a number, a percentage, or true or false, not ${describeValue(value)}`,
      file,
    );
  }
  const score = isOfScale(value) ? number / maxScore : number;
  if (!(score >= 0 && score <= 1)) {
    return fail(
      "score_out_of_range",
      `${place}: ${what} is ${number}, which is not from 0 to ${maxScore}; choose another metric, or say with --max-score which value is perfect`,
      file,
    );
  }
  return ok(score);
}

/** Words and percentages say themselves what is perfect; numbers are on the scale of --max-score. */
function isOfScale(value: unknown): boolean {
  if (typeof value === "boolean") return false;
  const text = String(value).trim().toLowerCase();
  return !words.has(text) && !text.endsWith("%");
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const text = value.trim().toLowerCase();
  const word = words.get(text);
  if (word !== undefined) return word;
  const [, percentage] = /^(\S+?)\s*%$/.exec(text) ?? [];
  const number = percentage === undefined ? decimal(text) : decimal(percentage) / 100;
  return Number.isFinite(number) ? number : undefined;
}

/** A number with a point or, as half of Europe's spreadsheets have it, a comma. */
function decimal(text: string): number {
  return Number(/^-?\d*,\d+$/.test(text) ? text.replace(",", ".") : text);
}
