import * as v from "valibot";
import { type Failure, fail, ok, type Result } from "../core/result.ts";

type Issue = v.BaseIssue<unknown>;

/** Checks plain data against a schema; the failure names the path of the first thing that is wrong. */
export function parseWith<S extends v.GenericSchema<unknown, unknown>, Code extends string>(
  schema: S,
  input: unknown,
  code: Code,
): Result<v.InferOutput<S>, Code> {
  const parsed = v.safeParse(schema, input, { abortEarly: true, abortPipeEarly: true });
  if (parsed.success) return ok(parsed.output);
  const { message, param } = describe(deepest({ issue: parsed.issues[0], path: pathOf(parsed.issues[0]) }));
  return fail(code, message, param);
}

/** UTF-8 JSON text -> plain data. */
export function parseJson<Code extends string>(bytes: Uint8Array, code: Code): Result<unknown, Code> {
  return parseTextWith(JSON.parse, bytes, code);
}

/** UTF-8 JSON text -> what `parse` makes of it, which throws where it is no JSON. */
export function parseTextWith<T, Code extends string>(
  parse: (text: string) => T,
  bytes: Uint8Array,
  code: Code,
): Result<T, Code> {
  try {
    return ok(parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    // V8's message quotes the text around the fault, which may be part of a prompt.
    const where = / at position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0] ?? "";
    return fail(code, `this is not valid JSON${where}`);
  }
}

interface Located {
  readonly issue: Issue;
  readonly path: readonly string[];
}

function pathOf({ path }: Issue): readonly string[] {
  return (path ?? []).map(({ key }) => String(key));
}

// A union reports only that nothing fitted; the issue that got furthest into the input says what is wrong. Paths of
// inner issues begin at the union.
function deepest(located: Located): Located {
  let best = located;
  for (const issue of located.issue.issues ?? []) {
    const inner = deepest({ issue, path: [...located.path, ...pathOf(issue)] });
    if (inner.path.length > best.path.length) best = inner;
  }
  return best;
}

function describe({ issue, path }: Located): Omit<Failure, "code"> {
  if (path.length === 0) return { message: sentence(issue, "the document") };
  const param = path.join(".");
  return { message: sentence(issue, `\`${param}\``), param };
}

function sentence(issue: Issue, name: string): string {
  if (issue.kind === "validation") return `${name} ${issue.message}`;
  if (issue.expected === "never") return `${name} is not a known field`;
  if (issue.received === "undefined") return `${name} is required`;
  return `${name} must be ${expectation(issue.expected ?? "valid")}, not ${reception(issue)}`;
}

const typeNames: Readonly<Record<string, string>> = {
  Array: "an array",
  Object: "an object",
  string: "a string",
  number: "a number",
  boolean: "true or false",
};

// Valibot writes `string`, `"a"` or `("a" | "b")`.
function expectation(expected: string): string {
  const choices = expected.replace(/^\(|\)$/g, "").split(" | ");
  const named = choices.map((choice) => typeNames[choice] ?? choice).join(" or ");
  return choices.length > 1 && expected.includes('"') ? `one of ${named}` : named;
}

// Text that a caller sent is not repeated: it may be long or private.
function reception({ expected, received }: Issue): string {
  if (received.startsWith('"')) return expected?.includes('"') ? "another string" : "a string";
  return typeNames[received] ?? received;
}
