import { fail, ok, type Result } from "../core/result.ts";
import { readJsonLines } from "./json-lines.ts";
import { type OutcomeCode, type OutcomeRecord, parseOutcome } from "./outcome.ts";

/**
 * Reads outcome files, plain or gzip, in the order given. The first fault ends the reading, and its message
 * names file and line. The same id may occur only once in a task, over all the files together: two results
 * of one prompt must be merged into one line, or the prompt would count twice.
 */
export async function readOutcomes(
  files: readonly string[],
): Promise<Result<readonly OutcomeRecord[], OutcomeCode>> {
  const records: OutcomeRecord[] = [];
  const places = new Map<string, string>();
  for (const file of files) {
    for await (const item of readJsonLines(file)) {
      if (!item.ok) return item;
      const place = `${file}:${item.value.line}`;
      const record = parseOutcome(item.value.value, place, file);
      if (!record.ok) return record;
      const { task, id } = record.value;
      const key = JSON.stringify([task, id]);
      const first = places.get(key);
      if (first !== undefined) {
        return fail(
          "duplicate_id",
          `${place}: id "${id}" of task "${task}" was already read from ${first}; merge the two lines or rename one`,
          file,
        );
      }
      places.set(key, place);
      records.push(record.value);
    }
  }
  return ok(records);
}
