import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { fail, ok, type Result } from "../core/result.ts";
import { openText, streamFailure } from "../outcomes/json-lines.ts";
import type { ImportCode } from "./importer.ts";

/** One row below the header; cells by the header's names. */
export interface CsvRow {
  readonly cells: ReadonlyMap<string, string>;
  /** File and line on which the row starts. */
  readonly place: string;
}

// A quote that never ends makes one row of all the rest, of gigabytes where the file is packed.
const MAX_ROW_CHARACTERS = 64 * 2 ** 20;

const PICKLE_PROTOCOL_BYTE = 0x80;

/**
 * Streams a CSV file with a header line (RFC 4180, UTF-8, plain or gzip). A failure ends the stream.
 * @param noun what the file should be, for messages
 */
export async function* readCsvRows(file: string, noun: string): AsyncGenerator<Result<CsvRow, ImportCode>> {
  let header: readonly string[] | undefined;
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const read = { lines: 0 };
  let text: Readable | undefined;
  try {
    text = Readable.from(decodeText(await openText(file), read));
    text.on("error", (error) => parser.destroy(error)).pipe(parser);
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      // `info.lines` is the line on which the row ends; cells may have line ends of their own.
      const inside = record.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
      const place = `${file}:${info.lines - inside}`;
      if (header === undefined) {
        header = record.map((name) => name.trim());
        const twice = header.find((name, index) => header?.indexOf(name) !== index);
        if (twice === undefined) continue;
        return yield fail("broken_csv", `${place}: the column "${twice}" stands twice in the header`, file);
      }
      yield ok({ cells: new Map(header.map((name, index) => [name, record[index] as string])), place });
    }
  } catch (error) {
    return yield csvFailure(file, read.lines, noun, error);
  } finally {
    text?.destroy();
  }
  if (header === undefined)
    yield fail("empty_file", `${file}:1: the file is empty; it should be ${noun}`, file);
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** A cell, or undefined where the column is missing or the cell is empty. */
export function cellOf({ cells }: CsvRow, column: string): string | undefined {
  return cells.get(column) || undefined;
}

class PickleError extends Error {}

/** Bytes -> text, counting lines; throws at bytes that are not UTF-8, which the parser would let pass. */
async function* decodeText(source: Readable, read: { lines: number }): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let first = true;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (first && chunk[0] === PICKLE_PROTOCOL_BYTE) throw new PickleError();
    first = false;
    const text = decoder.decode(chunk, { stream: true });
    yield text;
    read.lines += text.split("\n").length - 1;
  }
  yield decoder.decode();
}

function csvFailure(file: string, lines: number, noun: string, error: unknown): Result<never, ImportCode> {
  if (error instanceof PickleError) {
    const csv = `${file.replace(/\.\w+$/, "")}.csv`;
    return fail(
      "wrong_format",
      `${file}:1: not ${noun}: this is a Python pickle; convert it with: python -c "import pandas; pandas.read_pickle('${file}').to_csv('${csv}', index=False)"`,
      file,
    );
  }
  if (error instanceof CsvError && error.code === "CSV_MAX_RECORD_SIZE") {
    return fail(
      "line_too_long",
      `${file}:${lines + 1}: a row has more than ${MAX_ROW_CHARACTERS.toLocaleString("en-US")} characters; is a quote open?`,
      file,
    );
  }
  if (error instanceof CsvError) {
    const line = /line (\d+)/.exec(error.message)?.[1] ?? 1;
    return fail(
      "broken_csv",
      `${file}:${line}: not valid CSV (${error.message}); was the file cut off or edited?`,
      file,
    );
  }
  return streamFailure(file, lines, error);
}
