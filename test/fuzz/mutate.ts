import type { Random } from "../../src/numerics/random.ts";

// Numbers at which readers break: ends of integer types, and what JSON can write but few expect.
const ODD_BYTES = [0, 1, 0x0a, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x7b, 0x7f, 0x80, 0xc0, 0xed, 0xff];
const LARGEST_INPUT_BYTES = 64 * 1024;

/** Changes bytes in one to eight places: flips, odd values, insertions, deletions, copies, pieces of the format. */
export function mutateBytes(
  input: Uint8Array,
  random: Random,
  words: readonly string[] = [],
  other: Uint8Array = input,
): Uint8Array {
  let bytes = input;
  for (let left = 1 + Math.floor(random() ** 2 * 8); left > 0; left--) {
    bytes = mutateOnce(bytes, random, words, other);
  }
  return bytes.length > LARGEST_INPUT_BYTES && bytes.length > 2 * input.length
    ? bytes.slice(0, LARGEST_INPUT_BYTES)
    : bytes;
}

function mutateOnce(
  bytes: Uint8Array,
  random: Random,
  words: readonly string[],
  other: Uint8Array,
): Uint8Array {
  const at = Math.floor(random() * (bytes.length + 1));
  const span = 1 + Math.floor(random() ** 3 * Math.min(bytes.length, 256));
  const end = Math.min(at + span, bytes.length);
  switch (Math.floor(random() * 9)) {
    case 0:
      return withByte(bytes, at, (byte) => byte ^ (1 << Math.floor(random() * 8)));
    case 1:
      return withByte(bytes, at, () => pick(ODD_BYTES, random));
    case 2:
      return withByte(bytes, at, () => Math.floor(random() * 256));
    case 3:
      return splice(bytes, at, end, new Uint8Array());
    case 4:
      return splice(bytes, at, at, bytes.subarray(at, end));
    case 5: {
      const from = Math.floor(random() * (other.length + 1));
      return splice(bytes, at, end, other.subarray(from, from + span));
    }
    case 6:
      return bytes.slice(0, at);
    case 7:
      return splice(bytes, at, random() < 0.5 ? at : end, bytesOf(pick(words, random), random));
    default:
      return splice(bytes, at, end, repeat(pick(ODD_BYTES, random), span));
  }
}

function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = bytes.slice();
  if (at < changed.length) changed[at] = change(changed[at]);
  return changed;
}

function splice(bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const spliced = new Uint8Array(bytes.length - (to - from) + piece.length);
  spliced.set(bytes.subarray(0, from));
  spliced.set(piece, from);
  spliced.set(bytes.subarray(to), from + piece.length);
  return spliced;
}

// Formats of UTF-8 text and of UTF-16 text share the dictionary.
function bytesOf(word: string | undefined, random: Random): Uint8Array {
  if (word === undefined) return Uint8Array.of(Math.floor(random() * 256));
  const wide = random() < 0.3;
  return Uint8Array.from(
    wide ? [...word].flatMap((c) => [c.charCodeAt(0), 0]) : new TextEncoder().encode(word),
  );
}

function repeat(byte: number, count: number): Uint8Array {
  return new Uint8Array(count).fill(byte);
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

// JSON.stringify writes Infinity as null; 1e999 is how a file says it, so it is put in as text afterwards.
const INFINITE = "signalbox:infinite";
const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, 2 ** 31, -(2 ** 31), 2 ** 53, 1e308, -1e308, 5e-324, INFINITE],
  ...["", " ", "0", "NaN", "auto", "*", "__proto__", "constructor", "\ud800", "\u0000", "a".repeat(300)],
  ...["https://", "https://[", "../../x", "2025-02-30", "models.x"],
  ...[[], {}, [null], [[]], [{}], { toString: 1 }, JSON.parse('{"__proto__": {"x": 1}}')],
];

const oddNames = ["", "0", "__proto__", "constructor", "toString", "*", "auto", "\ud800", "a".repeat(300)];

/** Changes a JSON document in one to four places: values, names, items that stand twice or not at all. */
export function mutateJson(document: unknown, random: Random): unknown {
  let changed = structuredClone(document);
  for (let left = 1 + Math.floor(random() ** 2 * 4); left > 0; left--) {
    const places = placesIn(changed);
    if (places.length === 0) changed = pick(oddValues, random);
    else changePlace(pick(places, random), random);
  }
  return changed;
}

export function jsonText(document: unknown): string {
  return JSON.stringify(document).replaceAll(`"${INFINITE}"`, "1e999");
}

/** A `mutate` for targets whose inputs are JSON documents in UTF-8. */
export function mutateDocument(example: Uint8Array, random: Random): Uint8Array {
  try {
    const document: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(example));
    return new TextEncoder().encode(jsonText(mutateJson(document, random)));
  } catch {
    return mutateBytes(example, random);
  }
}

type Place = readonly [owner: unknown[] | Record<string, unknown>, key: string | number];

function placesIn(value: unknown): readonly Place[] {
  const places: Place[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const owner = open.pop();
    if (typeof owner !== "object" || owner === null) continue;
    const keys = Array.isArray(owner) ? owner.keys() : Object.keys(owner);
    for (const key of keys) {
      places.push([owner as Record<string, unknown>, key]);
      open.push((owner as Record<string, unknown>)[key]);
    }
  }
  return places;
}

function changePlace([owner, key]: Place, random: Random): void {
  const choice = random();
  if (Array.isArray(owner)) {
    if (choice < 0.2) owner.splice(key as number, 1);
    else if (choice < 0.4) owner.splice(key as number, 0, structuredClone(owner[key as number]));
    else owner[key as number] = changeValue(owner[key as number], random);
  } else if (choice < 0.15) delete owner[key];
  else if (choice < 0.3) set(owner, pick(oddNames, random), owner[key]);
  else set(owner, key as string, changeValue(owner[key], random));
}

// Defined rather than assigned: assigning `__proto__` would set the prototype.
function set(owner: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(owner, key, { value, enumerable: true, configurable: true, writable: true });
}

function changeValue(value: unknown, random: Random): unknown {
  if (typeof value === "number" && random() < 0.4)
    return pick([-value, value * 1e6, value + 0.5, value / 3], random);
  if (typeof value === "string" && random() < 0.4) {
    const at = Math.floor(random() * (value.length + 1));
    return value.slice(0, at) + String.fromCharCode(Math.floor(random() ** 3 * 65_536)) + value.slice(at + 1);
  }
  return structuredClone(pick(oddValues, random));
}
