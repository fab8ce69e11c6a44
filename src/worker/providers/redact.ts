import { concatenate } from "./concatenate.ts";
import { formsOfSecret } from "./secret-forms.ts";

const REDACTED = new TextEncoder().encode("[redacted]");

/** Replaces a secret in bytes that come in pieces, wherever the pieces were cut. */
export interface Redactor {
  /** What can be passed on: the chunk itself in all but the rarest cases. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back, because the secret could have begun there. */
  end(): Uint8Array;
}

/** Undefined where there is nothing worth hiding. */
export function createRedactor(secret: string | undefined): Redactor | undefined {
  const forms = formsOfSecret(secret).map((form) => new TextEncoder().encode(form));
  if (forms.length === 0) return undefined;
  let held: Uint8Array = new Uint8Array();
  const take = (chunk: Uint8Array, isLast: boolean): Uint8Array => {
    const bytes = held.length === 0 ? chunk : concatenate([held, chunk]);
    const kept: Uint8Array[] = [];
    let position = 0;
    let found = nextOf(forms, bytes, 0, isLast);
    while (found !== undefined && found.start + found.length <= bytes.length) {
      kept.push(bytes.subarray(position, found.start), REDACTED);
      position = found.start + found.length;
      found = nextOf(forms, bytes, position, isLast);
    }
    const end = found === undefined ? bytes.length : found.start;
    held = bytes.slice(end);
    if (position === 0 && end === bytes.length) return bytes;
    return concatenate([...kept, bytes.subarray(position, end)]);
  };
  return { push: (chunk) => take(chunk, false), end: () => take(new Uint8Array(), true) };
}

/** The first of the forms that stands in the bytes, or, where more may come, that their end could be the beginning of. */
function nextOf(
  forms: readonly Uint8Array[],
  bytes: Uint8Array,
  from: number,
  isLast: boolean,
): { readonly start: number; readonly length: number } | undefined {
  let first: { readonly start: number; readonly length: number } | undefined;
  for (const form of forms) {
    const start = nextStart(bytes, form, from);
    const counts = start >= 0 && (!isLast || start + form.length <= bytes.length);
    if (counts && (first === undefined || start < first.start)) first = { start, length: form.length };
  }
  return first;
}

/** Where `wanted` stands in the bytes, or where their end could be the beginning of it; -1 where neither. */
function nextStart(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let start = bytes.indexOf(first, from); start >= 0; start = bytes.indexOf(first, start + 1)) {
    const length = Math.min(wanted.length, bytes.length - start);
    let same = 1;
    while (same < length && bytes[start + same] === wanted[same]) same++;
    if (same === length) return start;
  }
  return -1;
}
