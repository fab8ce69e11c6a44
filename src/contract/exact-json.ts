/** A JSON document to read, and a form of it that is written with the digits and the order that it came with. */
export interface ExactJson {
  readonly value: unknown;
  /** The same value, but where JavaScript would change numbers or the order of keys; for `writeExactJson` alone. */
  readonly exact: unknown;
}

// Numbers that may come out with other digits: long ones, exponents, fractions small enough to get one, zeros at the end of a
// fraction, minus zero. Matches in strings only cost time.
const CHANGING_NUMBER = /[\d.]{16}|\.0{6}|\d\.\d*0(?!\d)|\d[eE]|-0/;
// Keys that look like an index come first in JavaScript, whatever their place. A quote behind a backslash begins no key, and
// one that begins a string is never followed by digits, a quote and a colon.
const INDEX_KEY = /(?<!\\)"(\u{F8FF}*\d+)"(?=\s*:)/gu;
// From the private use area. One more of them in front keeps the place of a key, also of one that begins with some.
const MARK = "\u{F8FF}";
const MARKED_KEY = /(?<!\\)"\u{F8FF}(\u{F8FF}*\d+)"(?=:)/gu;

/** JSON text -> plain data. Throws where it is no JSON. Doubled keys count once, the last, here and when it is written. */
export function parseExactJson(text: string): ExactJson {
  const value: unknown = JSON.parse(text);
  const marked = text.replace(INDEX_KEY, `"${MARK}$1"`);
  const changes = CHANGING_NUMBER.test(text);
  if (marked === text && !changes) return { value, exact: value };
  return { value, exact: JSON.parse(marked, changes ? keepDigits : undefined) };
}

/** The document as it came, but for white space and the names of what was changed in it. */
export function writeExactJson(exact: unknown): string {
  return JSON.stringify(exact).replace(MARKED_KEY, '"$1"');
}

// Part of ECMAScript 2026, and in V8 since 2023; the libraries of TypeScript don't have them yet.
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function keepDigits(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = typeof value === "number" ? context?.source : undefined;
  return source === undefined || source === String(value) ? value : rawJSON(source);
}
