import type { Arbitrary } from "fast-check";
import type { Result } from "../../src/core/result.ts";
import type { Random } from "../../src/numerics/random.ts";

/**
 * Something that reads what strangers send. It takes any bytes; text is read from them as UTF-16, so that lone
 * surrogates are reached too.
 */
export interface Target {
  readonly name: string;
  /** Valid inputs, from which mutation starts. */
  readonly examples: () => Promise<readonly Uint8Array[]> | readonly Uint8Array[];
  /** Inputs with more structure than mutation of bytes finds. */
  readonly inputs?: Arbitrary<Uint8Array>;
  /** Changes an example in its own terms: a field of a document rather than a byte of its text. */
  readonly mutate?: (example: Uint8Array, random: Random) => Uint8Array;
  /** Pieces of the format that mutation writes into inputs. */
  readonly words?: readonly string[];
  /** Every code that the reader may refuse with. */
  readonly codes: readonly string[];
  /**
   * Reads the input and checks what must hold of whatever was accepted. It throws where something is wrong.
   * @returns "accepted", or the code of the refusal
   */
  readonly run: (input: Uint8Array) => Promise<string> | string;
}

/** A property that does not hold, as against an exception of the code under test. */
export class PropertyError extends Error {
  override readonly name = "PropertyError";
}

export function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new PropertyError(message);
}

const LONGEST_MESSAGE = 2000;

/** The outcome of a reader that answers with a Result: its refusals must be codes with a sentence. */
export function outcomeOf(result: Result<unknown, string>): string {
  if (result.ok) return "accepted";
  const { code, message } = result.failure;
  check(message.length > 10, `the message of ${code} says nothing: "${message}"`);
  check(message.length <= LONGEST_MESSAGE, `the message of ${code} has ${message.length} characters`);
  check(
    !/\[object |\bundefined\b/.test(message.replace(/`[^`]*`|"[^"]*"/g, "")),
    `the message of ${code} shows the program's insides: ${message}`,
  );
  return code;
}

/** UTF-16 text of any bytes; an odd last byte is left out. */
export function textOf(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer);
  const pieces: string[] = [];
  for (let start = 0; start < units.length; start += 4096) {
    pieces.push(String.fromCharCode(...units.subarray(start, start + 4096)));
  }
  return pieces.join("");
}

export function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Uint16Array.from({ length: text.length }, (_, k) => text.charCodeAt(k)).buffer);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function jsonBytes(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}
