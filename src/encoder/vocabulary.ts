import { fail, ok, type Result } from "../core/result.ts";
import {
  addUnitToHash,
  CONTINUING_SEED,
  EMPTY_UNIT,
  FIRST_ID_UNIT,
  FIRST_SEED,
  slotOfHash,
} from "./piece-hash.ts";

/** tokenizer.json as the encoder build writes it. */
export interface TokenizerFile {
  readonly model: "WordPiece";
  readonly unknownId: number;
  readonly startId: number;
  readonly endId: number;
  /** Words of more code points than this become one unknown token. */
  readonly maxWordCodePoints: number;
  /** Most UTF-16 units of a piece that begins a word, and of one that continues it (without "##"). */
  readonly longestFirst: number;
  readonly longestContinuing: number;
  /** One piece a line, the line number being its id; pieces that continue a word begin with "##". */
  readonly vocabulary: string;
  /** Open-addressing hash table from piece to id with linear probing; see piece-hash.ts. */
  readonly index: string;
}

/** The pieces of words, found by their UTF-16 units. */
export interface Vocabulary
  extends Pick<TokenizerFile, "unknownId" | "startId" | "endId" | "maxWordCodePoints"> {
  readonly size: number;
  /**
   * Id of the longest piece that begins at `start` of a word ending at `end`, or -1. A piece at 0 begins the word,
   * any other continues it. Its length in units is then in `matchedUnits`.
   */
  longestPiece(word: Uint16Array, start: number, end: number): number;
  readonly matchedUnits: number;
}

export type VocabularyCode = "bad_tokenizer";

const CONTINUING = "##";
// BERT's own limit is 100; memory for one word is reserved by it.
const MOST_WORD_CODE_POINTS = 10_000;
const integerFields = [
  "unknownId",
  "startId",
  "endId",
  "maxWordCodePoints",
  "longestFirst",
  "longestContinuing",
] as const;

/**
 * Reads tokenizer.json. Its hash table is used as it stands in the file: building one, or a Map, over 30,522
 * pieces takes interpreted JavaScript several milliseconds at every cold start.
 */
export function readVocabulary(bytes: Uint8Array): Result<Vocabulary, VocabularyCode> {
  let file: TokenizerFile;
  try {
    file = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return bad("is not valid JSON");
  }
  if (typeof file !== "object" || file === null || file.model !== "WordPiece") {
    return bad("holds no WordPiece vocabulary");
  }
  const { vocabulary, index, longestFirst, longestContinuing, ...rest } = file;
  if (typeof vocabulary !== "string" || typeof index !== "string") return bad("has no vocabulary or index");
  for (const field of integerFields) {
    if (!Number.isSafeInteger(file[field]) || file[field] < 0) return bad(`has no valid ${field}`);
  }
  const { unknownId, startId, endId, maxWordCodePoints } = rest;
  const pieces = vocabulary.split("\n");
  const slots = index.length;
  if (slots <= pieces.length || (slots & (slots - 1)) !== 0) return bad("has no valid index");
  // Probing ends at an empty slot: without one it would never end.
  if (!index.includes(String.fromCharCode(EMPTY_UNIT))) return bad("has an index without an empty slot");
  if (maxWordCodePoints > MOST_WORD_CODE_POINTS) return bad("has no valid maxWordCodePoints");
  for (const field of ["unknownId", "startId", "endId"] as const) {
    if (file[field] >= pieces.length) return bad(`has no piece for ${field}`);
  }

  function find(hash: number, word: Uint16Array, start: number, end: number): number {
    for (let slot = slotOfHash(hash, slots); ; slot = (slot + 1) & (slots - 1)) {
      const unit = index.charCodeAt(slot);
      if (unit === EMPTY_UNIT) return -1;
      const id = unit - FIRST_ID_UNIT;
      if (isPiece(pieces[id], word, start, end)) return id;
    }
  }

  let matchedUnits = 0;
  // Hashes of the prefixes of a piece, one a unit; a code point has up to two.
  const hashes = new Int32Array(2 * maxWordCodePoints);
  return ok({
    unknownId,
    startId,
    endId,
    maxWordCodePoints,
    size: pieces.length,
    get matchedUnits() {
      return matchedUnits;
    },
    longestPiece(word, start, end) {
      let hash = start === 0 ? FIRST_SEED : CONTINUING_SEED;
      const limit = Math.min(end, start + (start === 0 ? longestFirst : longestContinuing));
      for (let k = start; k < limit; k++) {
        hash = addUnitToHash(hash, word[k] as number);
        hashes[k - start] = hash;
      }
      // The longest first: most words are one piece.
      for (let k = limit; k > start; k--) {
        const id = find(hashes[k - 1 - start] as number, word, start, k);
        if (id < 0) continue;
        matchedUnits = k - start;
        return id;
      }
      return -1;
    },
  });
}

/** @param piece undefined where the index of a broken file points beyond the vocabulary */
function isPiece(piece: string | undefined, word: Uint16Array, start: number, end: number): boolean {
  if (piece === undefined) return false;
  let at = start === 0 ? 0 : CONTINUING.length;
  if (piece.length - at !== end - start || (start > 0 && !piece.startsWith(CONTINUING))) return false;
  for (let k = start; k < end; k++, at++) {
    if (piece.charCodeAt(at) !== word[k]) return false;
  }
  return true;
}

function bad(problem: string) {
  return fail("bad_tokenizer" as const, `the tokenizer file ${problem}`, "tokenizer");
}
