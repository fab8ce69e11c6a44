import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { fail, ok, type Result } from "../core/result.ts";

export type LineCode =
  | "unreadable_file"
  | "broken_gzip"
  | "not_utf8"
  | "empty_file"
  | "broken_line"
  | "cut_line"
  | "line_too_long"
  | "file_too_large";

// A few kilobytes of gzip can hold a line that fills the memory; no result of a benchmark comes near this many characters.
const LONGEST_LINE = 64 * 2 ** 20;

class LineTooLong extends Error {}

// Results pack to a tenth or twentieth. A file that unpacks to so much, and to so many times its size, was made to fill
// the memory of whoever reads it.
const MOST_UNPACKED_BYTES = 256 * 2 ** 20;
const MOST_UNPACKED_TIMES = 64;

class UnpacksToTooMuch extends Error {}

/** One parsed line; `line` counts from 1. */
export interface JsonLine {
  readonly line: number;
  readonly value: unknown;
}

/**
 * Streams a file of JSON lines, plain or gzip (told by its first bytes, not by its name). Blank lines are
 * skipped. A failure names file and line, and ends the stream; a file without any line is a failure too.
 * @param parse text of a line -> its value; throws where the line is broken
 * @param tellsCut whether a broken last line without a line end is the failure `cut_line`, so that the lines before it
 * can be kept: programs that were killed leave such files
 */
export async function* readJsonLines(
  file: string,
  parse: (text: string) => unknown = JSON.parse,
  tellsCut = false,
): AsyncGenerator<Result<JsonLine, LineCode>> {
  let line = 0;
  let found = false;
  const end = { isOpen: false };
  try {
    for await (const text of readTextLines(file, end)) {
      line++;
      if (text.trim() === "") continue;
      found = true;
      let value: unknown;
      try {
        value = parse(text);
      } catch (error) {
        yield fail(
          tellsCut && end.isOpen ? "cut_line" : "broken_line",
          `${file}:${line}: not valid JSON (${reasonOf(error)}); each line must be one JSON object`,
          file,
        );
        return;
      }
      yield ok({ line, value });
    }
  } catch (error) {
    yield streamFailure(file, line, error);
    return;
  }
  if (!found)
    yield fail("empty_file", `${file}:1: the file is empty; it must hold one JSON object a line`, file);
}

/**
 * Lines of a UTF-8 file, plain or gzip, without their line ends and byte order mark. Throws what the streams throw.
 * @param end told before the last line whether it has no line end
 */
async function* readTextLines(file: string, end: { isOpen: boolean }): AsyncGenerator<string> {
  const source = await openText(file);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // The line so far in pieces: joined to each chunk anew, a long line would take time by the square of its length.
  let pieces: string[] = [];
  let length = 0;
  try {
    for await (const chunk of source) {
      const [first, ...others] = decoder.decode(chunk as Buffer, { stream: true }).split("\n");
      pieces.push(first as string);
      length += (first as string).length;
      if (length > LONGEST_LINE) throw new LineTooLong();
      const last = others.pop();
      if (last === undefined) continue;
      yield pieces.join("");
      yield* others;
      pieces = [last];
      length = last.length;
    }
    pieces.push(decoder.decode());
    const rest = pieces.join("");
    if (rest === "") return;
    end.isOpen = true;
    yield rest;
  } finally {
    source.destroy();
  }
}

/** The bytes of a file, unzipped where its first bytes say gzip. Rejects where it cannot be opened. */
export async function openText(file: string): Promise<Readable> {
  const packedBytes = await gzipBytesOf(file);
  const source = createReadStream(file);
  if (packedBytes === undefined) return source;
  let left = Math.max(MOST_UNPACKED_BYTES, MOST_UNPACKED_TIMES * packedBytes);
  const limited = new Transform({
    transform(chunk: Buffer, _, done) {
      left -= chunk.byteLength;
      if (left < 0) done(new UnpacksToTooMuch());
      else done(null, chunk);
    },
  });
  // Each fails with the others; whoever reads the last one gets the error.
  pipeline(source, createGunzip(), limited, () => undefined);
  return limited;
}

/** Size of the file where it is gzip. */
async function gzipBytesOf(file: string): Promise<number | undefined> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    return isGzip ? (await handle.stat()).size : undefined;
  } finally {
    await handle.close();
  }
}

/** What the streams of `openText` throw, as a failure; `line` is the last one that was read whole. */
export function streamFailure(file: string, line: number, error: unknown): Result<never, LineCode> {
  const code = (error as { code?: unknown }).code;
  const where = `${file}:${line + 1}`;
  if (error instanceof LineTooLong) {
    return fail(
      "line_too_long",
      `${where}: the line has more than ${LONGEST_LINE.toLocaleString("en-US")} characters; is there one JSON object a line?`,
      file,
    );
  }
  if (error instanceof UnpacksToTooMuch) {
    return fail(
      "file_too_large",
      `${file}: it unpacks to more than 256 MB and ${MOST_UNPACKED_TIMES} times its size; unpack it first if you trust it`,
      file,
    );
  }
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return fail("not_utf8", `${where}: not UTF-8 text at or after this line; save the file as UTF-8`, file);
  }
  if (typeof code === "string" && code.startsWith("Z_")) {
    return fail(
      "broken_gzip",
      `${where}: the gzip data ends or breaks after this line (${reasonOf(error)}); copy the file again`,
      file,
    );
  }
  return fail(
    "unreadable_file",
    `${file}: cannot be read (${reasonOf(error)}); check the path and its permissions`,
    file,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
