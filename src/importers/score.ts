import { describeValue } from "../core/describe-value.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { ImportCode, ImportOptions } from "./importer.ts";

const words: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["false", 0],
]);

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
      `${place}: ${what} must be a number, true or false, not ${describeValue(value)}`,
      file,
    );
  }
  const score =
    typeof value === "number" || !words.has(String(value).toLowerCase()) ? number / maxScore : number;
  if (!(score >= 0 && score <= 1)) {
    return fail(
      "score_out_of_range",
      `${place}: ${what} is ${number}, which is not from 0 to ${maxScore}; choose another metric, or say with --max-score which value is perfect`,
      file,
    );
  }
  return ok(score);
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const word = words.get(value.trim().toLowerCase());
  const number = word ?? Number(value);
  return Number.isFinite(number) ? number : undefined;
}
