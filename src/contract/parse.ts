import * as v from "valibot";
import { type Failure, fail, ok, type Result } from "../core/result.ts";

type Schema = v.GenericSchema<unknown, unknown>;

/** Checks plain data against a schema; the failure names the path of the first thing that is wrong. */
export function parseWith<S extends Schema, Code extends string>(
  schema: S,
  input: unknown,
  code: Code,
): Result<v.InferOutput<S>, Code> {
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true });
  if (parsed.success) return ok(parsed.output);
  const { message, param } = describe(deepest(parsed.issues[0]));
  return fail(code, message, param);
}

/** UTF-8 JSON text -> plain data. */
export function parseJson<Code extends string>(bytes: Uint8Array, code: Code): Result<unknown, Code> {
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    // V8's message quotes the text around the fault, which may be part of a prompt.
    const where = /at position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0];
    return fail(
      code,
      where === undefined ? "this is not valid UTF-8 JSON" : `this is not valid JSON ${where}`,
    );
  }
}

// A union reports only that nothing fitted; the issue that got furthest into the input says what is wrong.
function deepest(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  let best = issue;
  for (const inner of issue.issues ?? []) {
    const candidate = deepest(inner);
    if ((candidate.path?.length ?? 0) > (best.path?.length ?? 0)) best = candidate;
  }
  return best;
}

function describe(issue: v.BaseIssue<unknown>): Omit<Failure, "code"> {
  const param = v.getDotPath(issue) ?? undefined;
  const sentence = describeIssue(issue, param);
  return param === undefined ? { message: sentence } : { message: sentence, param };
}

function describeIssue(issue: v.BaseIssue<unknown>, param: string | undefined): string {
  const name = param === undefined ? "the document" : `\`${param}\``;
  if (issue.kind === "validation") return `${name} ${issue.message}`;
  const key = issue.path?.at(-1);
  if (issue.expected === "never") return `${name} is not a known field`;
  if (key !== undefined && "key" in key && issue.received === "undefined") return `${name} is required`;
  return `${name} must be ${withArticle(issue.expected ?? "something else")}, not ${received(issue.received)}`;
}

function withArticle(expected: string): string {
  const plain = expected.replace(/^\(|\)$/g, "").replaceAll(" | ", " or ");
  if (plain.startsWith('"') || plain.startsWith("!"))
    return plain.startsWith('"') ? `one of ${plain}` : "valid";
  return (
    {
      Array: "an array",
      Object: "an object",
      string: "a string",
      number: "a number",
      boolean: "true or false",
    }[plain] ??
    plain.replace("string", "a string").replace("Array", "an array").replace("Object", "an object")
  );
}

function received(value: string): string {
  // Text that a caller sent is not repeated: it may be long or private.
  return value.startsWith('"') ? "a different string" : (articles[value] ?? value);
}

const articles: Readonly<Record<string, string>> = {
  Array: "an array",
  Object: "an object",
  null: "null",
  undefined: "missing",
};
