/**
 * The hash by which tokenizer.json's index finds a piece: FNV-1a over UTF-16 units, with one seed for pieces that
 * begin a word and another for those that continue it (hashed without their "##"). The encoder build writes the
 * index and the vocabulary reads it; changing anything here needs a rebuild of tokenizer.json.
 */
export const FIRST_SEED = 0x811c9dc5;
export const CONTINUING_SEED = 0x2f6b7d31;
const PRIME = 0x01000193;

export function addUnitToHash(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, PRIME);
}

/** First slot to look at; `slots` is a power of two. FNV's low bits mix poorly over short words: fold the high ones in. */
export function slotOfHash(hash: number, slots: number): number {
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

/** The index is a string of one UTF-16 unit per slot: this one for an empty slot, else FIRST_ID_UNIT + id. */
export const EMPTY_UNIT = 0x20;
export const FIRST_ID_UNIT = 0x21;
