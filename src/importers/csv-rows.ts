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
 * @param mayRepeat whether several columns may have one name; the later ones are then called `name (2)` and so on
 */
export async function* readCsvRows(
  file: string,
  noun: string,
  { mayRepeat = false }: { readonly mayRepeat?: boolean } = {},
): AsyncGenerator<Result<CsvRow, ImportCode>> {
  let header: readonly string[] | undefined;
  const read = { lines: 0 };
  let text: Readable | undefined;
  try {
    const decoded = decodeText(await openText(file), read);
    const { value: start = "" } = await decoded.next();
    const parser = parse({
      bom: true,
      skip_empty_lines: true,
      info: true,
      delimiter: delimiterOf(start),
      max_record_size: MAX_ROW_CHARACTERS,
    });
    text = Readable.from(withStart(start, decoded));
    text.on("error", (error) => parser.destroy(error)).pipe(parser);
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      // `info.lines` is the line on which the row ends; cells may have line ends of their own.
      const inside = record.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
      const place = `${file}:${info.lines - inside}`;
      if (header === undefined) {
        const names = record.map((name) => name.trim());
        header = mayRepeat ? names.map((name, index) => numbered(name, names.slice(0, index))) : names;
        const twice = header.find((name, index) => isNamed(name) && header?.indexOf(name) !== index);
        if (twice === undefined) continue;
        return yield fail("broken_csv", `${place}: the column "${twice}" stands twice in the header`, file);
      }
      const named = header.flatMap((name, index) =>
        isNamed(name) ? [[name, record[index] as string] as const] : [],
      );
      yield ok({ cells: new Map(named), place });
    }
  } catch (error) {
    return yield csvFailure(file, read.lines, noun, error);
  } finally {
    text?.destroy();
  }
  if (header === undefined)
    yield fail("empty_file", `${file}:1: the file is empty; it should be ${noun}`, file);
}

function numbered(name: string, earlier: readonly string[]): string {
  const count = earlier.filter((other) => other === name).length;
  return count === 0 || name === "" ? name : `${name} (${count + 1})`;
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** A cell, or undefined where the column is missing or the cell is empty. */
export function cellOf({ cells }: CsvRow, column: string): string | undefined {
  return cells.get(column) || undefined;
}

/** A column without a name is the index of pandas, or what a spreadsheet leaves behind; pandas reads it as `Unnamed: 0`. */
function isNamed(column: string): boolean {
  return column !== "" && !/^Unnamed: \d+$/.test(column);
}

/** What separates the names of the header: spreadsheets write semicolons where the comma is for decimals. */
function delimiterOf(start: string): string {
  const header = (start.split(/\r?\n/, 1)[0] as string).replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => header.split(delimiter).length - 1;
  return [",", ";", "\t"].reduce((best, next) => (count(next) > count(best) ? next : best));
}

async function* withStart(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield start;
  yield* rest;
}

/** A file that is no text: its name, and how a table of it is made. */
class OtherFileError extends Error {
  readonly what: string;
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(what);
    this.what = what;
    this.advice = advice;
  }
}

/** Bytes -> text, counting lines; throws at bytes that are not text, which the parser would let pass. */
async function* decodeText(source: Readable, read: { lines: number }): AsyncGenerator<string> {
  let decoder: ReturnType<typeof decoderFor> | undefined;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    decoder ??= decoderFor(chunk);
    const text = decoder.decode(chunk, { stream: true });
    yield text;
    read.lines += text.split("\n").length - 1;
  }
  yield decoder?.decode() ?? "";
}

/** UTF-8, or UTF-16 where the file begins with its mark, as spreadsheets and PowerShell write it. */
function decoderFor(start: Buffer) {
  const [first, second] = start;
  if (first === PICKLE_PROTOCOL_BYTE) {
    throw new OtherFileError(
      "a Python pickle",
      `convert it with: python -c "import pandas; pandas.read_pickle('FILE').to_csv('NAME.csv', index=False)"`,
    );
  }
  if (start.subarray(0, 4).toString("latin1") === "PK\u0003\u0004") {
    throw new OtherFileError(
      "a spreadsheet or another zip",
      "save its sheet as CSV (UTF-8), one sheet a file",
    );
  }
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
}

function csvFailure(file: string, lines: number, noun: string, error: unknown): Result<never, ImportCode> {
  if (error instanceof OtherFileError) {
    const advice = error.advice.replace("FILE", file).replace("NAME", file.replace(/\.\w+$/, ""));
    return fail("wrong_format", `${file}:1: not ${noun}: this is ${error.what}; ${advice}`, file);
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
