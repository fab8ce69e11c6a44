import { TimeLimitError, withinTime } from "../time-limit.ts";

// D1 itself gives up after 30 seconds, longer than a caller should wait or background work be kept alive.
const ANSWER_TIMEOUT_MS = 10_000;

/** What the database answers, or a rejection where that takes longer than 10 seconds. */
export function answerInTime<T>(answer: Promise<T>): Promise<T> {
  return withinTime(ANSWER_TIMEOUT_MS, answer);
}

/** What an operator can do something about, in a word; D1's own words may quote what was to be stored. */
export function databaseCause(error: unknown): "no_tables" | "locked" | "timeout" | "database" {
  if (error instanceof TimeLimitError) return "timeout";
  const text = String(error);
  if (/no such (table|column)|has no column/i.test(text)) return "no_tables";
  return /\b(locked|busy)\b/i.test(text) ? "locked" : "database";
}
