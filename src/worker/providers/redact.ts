import { concatenate } from "./concatenate.ts";

const REDACTED = new TextEncoder().encode("[redacted]");

// A shorter one is no secret, and would be found in the middle of words.
const MIN_SECRET_LENGTH = 8;

/** Replaces a secret in bytes that come in pieces, wherever the pieces were cut. */
export interface Redactor {
  /** What can be passed on: the chunk itself in all but the rarest cases. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back, because the secret could have begun there. */
  end(): Uint8Array;
}

/** Undefined where there is nothing worth hiding. */
export function createRedactor(secret: string | undefined): Redactor | undefined {
  if (secret === undefined || secret.length < MIN_SECRET_LENGTH) return undefined;
  const wanted = new TextEncoder().encode(secret);
  let held: Uint8Array = new Uint8Array();
  return {
    push(chunk) {
      const bytes = held.length === 0 ? chunk : concatenate([held, chunk]);
      const kept: Uint8Array[] = [];
      let position = 0;
      let start = nextStart(bytes, wanted, 0);
      while (start >= 0 && start + wanted.length <= bytes.length) {
        kept.push(bytes.subarray(position, start), REDACTED);
        position = start + wanted.length;
        start = nextStart(bytes, wanted, position);
      }
      const end = start < 0 ? bytes.length : start;
      held = bytes.slice(end);
      if (position === 0 && end === bytes.length) return bytes;
      return concatenate([...kept, bytes.subarray(position, end)]);
    },
    end: () => held,
  };
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
