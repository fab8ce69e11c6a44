import { array, is, looseObject, string, unknown } from "valibot";
import type { CsvRow } from "./csv-rows.ts";

/** Scores as some tools list them: a name, and a score or a value. */
const namedSchema = array(looseObject({ name: string() }));
const chatSchema = array(looseObject({ role: string(), content: unknown() }));

/** No tool nests its rows deeper; a file that does would make names of columns without end. */
const DEEPEST = 16;

/**
 * Nested fields as columns with dots: `inputs.question`. Lists stay JSON text, so that a list of chat messages is read as
 * such where it is a prompt.
 */
export function flatten(value: object, prefix: string, cells: Map<string, string>, depth = 1): void {
  for (const [name, item] of Object.entries(value)) {
    const column = `${prefix}${name}`;
    if (typeof item !== "object") cells.set(column, String(item));
    else if (item === null) cells.set(column, "");
    else if (!Array.isArray(item) && depth < DEEPEST) flatten(item, `${column}.`, cells, depth + 1);
    else cells.set(column, textOf(item));
  }
}

/** The row with columns for what its cells hold as JSON: the fields of objects, and scores of a list by their names. */
export function withFieldsOfCells({ cells, place }: CsvRow): CsvRow {
  const all = new Map<string, string>();
  for (const [column, cell] of cells) {
    const value = /^\s*[[{]/.test(cell) ? parse(cell) : undefined;
    if (typeof value !== "object" || value === null) all.set(column, cell);
    else if (!Array.isArray(value)) flatten(value, `${column}.`, all);
    else if (is(namedSchema, value) && !is(chatSchema, value)) {
      for (const item of value) {
        const score = item["score"] ?? item["value"];
        all.set(`${column}.${item.name}`, score === null || score === undefined ? "" : String(score));
      }
    } else all.set(column, cell);
  }
  return { cells: all, place };
}

function textOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested so deep that writing it overflows the stack.
    return "";
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
