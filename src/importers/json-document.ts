import type { GenericIssue, GenericSchema, InferOutput } from "valibot";
import { safeParse } from "valibot";
import { fail, ok, type Result } from "../core/result.ts";
import { openText, streamFailure } from "../outcomes/json-lines.ts";
import type { ImportCode } from "./importer.ts";
import { lineOfOffset, lineOfPath, linesOfItems } from "./json-position.ts";
import { parseJson } from "./parse-json.ts";

// As large as an entry of a zip may be. A megabyte of gzip can hold gigabytes, and the whole of a document is in memory.
const MAX_DOCUMENT_BYTES = 256 * 2 ** 20;

type Path = readonly (string | number)[];

/** A whole JSON file of a known shape, which can still say on which line a part of it stands. */
export interface JsonDocument<T> {
  readonly value: T;
  /** File and line of each item of the array at `path`. */
  placesOf(path: Path): readonly string[];
  /** File and line of the part at `path`. */
  placeOf(path: Path): string;
}

/**
 * Reads a JSON file, plain or gzip, and checks it.
 * @param noun what the file should be, for the message: "a promptfoo result"
 */
export async function readJsonDocument<Schema extends GenericSchema>(
  file: string,
  schema: Schema,
  noun: string,
): Promise<Result<JsonDocument<InferOutput<Schema>>, ImportCode>> {
  let text: string;
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Leaving the loop closes the file and ends the unpacking.
    for await (const chunk of await openText(file)) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MAX_DOCUMENT_BYTES) {
        const limit = `${MAX_DOCUMENT_BYTES / 2 ** 20} MB`;
        return fail("file_too_large", `${file}: it has, or unpacks to, more than ${limit}; split it`, file);
      }
      chunks.push(chunk as Buffer);
    }
    text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    return streamFailure(file, 0, error);
  }
  return parseJsonDocument(text, file, schema, noun);
}

/** The same for a text that is already read; `file` is only for messages. */
export function parseJsonDocument<Schema extends GenericSchema>(
  text: string,
  file: string,
  schema: Schema,
  noun: string,
): Result<JsonDocument<InferOutput<Schema>>, ImportCode> {
  if (text.trim() === "")
    return fail("empty_file", `${file}:1: the file is empty; it should be ${noun}`, file);
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    const reason = (error as Error).message;
    const offset = /position (\d+)/.exec(reason)?.[1];
    const line = lineOfOffset(text, offset === undefined ? text.trimEnd().length : Number(offset));
    return fail(
      "broken_line",
      `${file}:${line}: not valid JSON (${reason}); was the file cut off or edited?`,
      file,
    );
  }
  const placeOf = (path: Path) => `${file}:${lineOfPath(text, path)}`;
  const parsed = checkShape(schema, json, file, noun, placeOf);
  if (!parsed.ok) return parsed;
  return ok({
    value: parsed.value,
    placeOf,
    placesOf: (path) => linesOfItems(text, path).map((line) => `${file}:${line}`),
  });
}

/** `json` as the schema has it, or a failure that says where it is not `noun`. */
export function checkShape<Schema extends GenericSchema>(
  schema: Schema,
  json: unknown,
  file: string,
  noun: string,
  placeOf: (path: Path) => string,
): Result<InferOutput<Schema>, ImportCode> {
  const parsed = safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return ok(parsed.output);
  const path = pathOf(parsed.issues[0]);
  const field = path.length > 0 ? ` at "${path.join(".")}"` : "";
  return fail("wrong_format", `${placeOf(path)}: not ${noun}:${field} ${reasonOf(parsed.issues[0])}`, file);
}

function pathOf(issue: GenericIssue): Path {
  return (issue.path ?? []).map(({ key }) => key as string | number);
}

function reasonOf({ expected, received }: GenericIssue): string {
  return received === "undefined"
    ? `${expected ?? "a value"} is missing`
    : `expected ${expected}, found ${received}`;
}
