import { fail, ok, type Result } from "../core/result.ts";
import { type CsvRow, cellOf } from "./csv-rows.ts";
import type { ImportCode } from "./importer.ts";
import { isMissing } from "./score.ts";

/** A failure that names the first of `columns` that the file does not have. */
export function requireColumns(
  { cells, place }: CsvRow,
  columns: readonly string[],
  noun: string,
  file: string,
): Result<void, ImportCode> {
  const missing = columns.find((column) => !cells.has(column));
  if (missing === undefined) return ok(undefined);
  const headerPlace = place.replace(/:\d+$/, ":1");
  const found = [...cells.keys()].slice(0, 12).join(", ");
  return fail(
    "wrong_format",
    `${headerPlace}: not ${noun}: the column "${missing}" is missing; there is: ${found}`,
    file,
  );
}

/** A count or price of at least 0, undefined where the cell is empty. */
export function amountOf(row: CsvRow, column: string, file: string): Result<number | undefined, ImportCode> {
  const cell = cellOf(row, column);
  if (cell === undefined || isMissing(cell)) return ok(undefined);
  const amount = Number(cell);
  if (Number.isFinite(amount) && amount >= 0) return ok(amount);
  return fail("wrong_type", `${row.place}: "${column}" must be a number of at least 0, not "${cell}"`, file);
}
