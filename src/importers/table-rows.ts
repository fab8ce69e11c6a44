import { array, looseObject, union, unknown } from "valibot";
import { describeValue } from "../core/describe-value.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { readJsonLines } from "../outcomes/json-lines.ts";
import { type CsvRow, readCsvRows } from "./csv-rows.ts";
import type { ImportCode } from "./importer.ts";
import { readJsonDocument } from "./json-document.ts";
import { parseJson } from "./parse-json.ts";
import { flatten } from "./table-fields.ts";

/** Where tools put the rows of an export that is one object. */
const ROWS_KEYS = ["rows", "records", "data", "results", "runs", "testCases", "examples"] as const;
const documentSchema = union([array(unknown()), looseObject({})]);

/**
 * Streams the rows of a table, whatever it is written in: CSV, JSON lines, or a JSON document that is a list of objects
 * or holds one. Nested fields are columns with dots: `inputs.question`.
 * @param isShared whether what stands beside the list in a document is said of each of its rows
 */
export async function* readTableRows(
  file: string,
  noun: string,
  isShared = false,
): AsyncGenerator<Result<CsvRow, ImportCode>> {
  const name = file.replace(/\.gz$/, "");
  if (/\.(jsonl|ndjson)$/i.test(name)) yield* readLines(file, noun);
  else if (/\.json$/i.test(name)) yield* readDocument(file, noun, isShared);
  else yield* readCsvRows(file, noun);
}

async function* readLines(file: string, noun: string): AsyncGenerator<Result<CsvRow, ImportCode>> {
  for await (const item of readJsonLines(file, parseJson)) {
    if (!item.ok) return yield item;
    yield toRow(item.value.value, `${file}:${item.value.line}`, file, noun);
  }
}

async function* readDocument(
  file: string,
  noun: string,
  isShared: boolean,
): AsyncGenerator<Result<CsvRow, ImportCode>> {
  const document = await readJsonDocument(file, documentSchema, noun);
  if (!document.ok) return yield document;
  const { value, placesOf } = document.value;
  const key = Array.isArray(value)
    ? undefined
    : ROWS_KEYS.find((name) => Array.isArray((value as Readonly<Record<string, unknown>>)[name]));
  if (!Array.isArray(value) && key === undefined) {
    const keys = Object.keys(value).slice(0, 12).join(", ") || "nothing";
    return yield fail("wrong_format", `${file}:1: not ${noun}: no list of rows; there is: ${keys}`, file);
  }
  const rows = key === undefined ? value : (value as Readonly<Record<string, unknown>>)[key];
  const places = placesOf(key === undefined ? [] : [key]);
  const shared = new Map<string, string>();
  if (isShared && key !== undefined) flatten({ ...value, [key]: [] }, "", shared);
  for (const [index, item] of (rows as readonly unknown[]).entries()) {
    const row = toRow(item, places[index] ?? `${file}:1`, file, noun);
    if (!row.ok) return yield row;
    yield ok({ ...row.value, cells: new Map([...shared, ...row.value.cells]) });
  }
}

function toRow(value: unknown, place: string, file: string, noun: string): Result<CsvRow, ImportCode> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail(
      "wrong_format",
      `${place}: not ${noun}: a row is an object, not ${describeValue(value)}`,
      file,
    );
  }
  const cells = new Map<string, string>();
  flatten(value, "", cells);
  return ok({ cells, place });
}
