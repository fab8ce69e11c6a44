import { fail, ok, type Result } from "../core/result.ts";

/** A piece of a word found in the vocabulary. */
export interface Vocabulary {
  readonly size: number;
  readonly unknownId: number;
  readonly startId: number;
  readonly endId: number;
  /** Words of more code points than this become one unknown token. */
  readonly maxWordCodePoints: number;
  /**
   * Finds the longest piece that begins at `start` in the UTF-16 units of a word ending at `end`.
   * Returns its id, or -1; its length in units is then in `matchedUnits`. Pieces with start > 0 continue a word.
   */
  longestPiece(units: Uint16Array, start: number, end: number): number;
  matchedUnits: number;
}

export type VocabularyCode = "bad_tokenizer";

/** tokenizer.json as the encoder build writes it. */
interface TokenizerFile {
  readonly model: "WordPiece";
  readonly unknown: string;
  readonly start: string;
  readonly end: string;
  readonly continuing: string;
  readonly maxWordCodePoints: number;
  /** One piece a line; the line number is the id. */
  readonly vocabulary: string;
}

// FNV-1a; first and continuing pieces share one table and differ by their seed.
const PRIME = 0x01000193;
const FIRST_SEED = 0x811c9dc5;
const CONTINUING_SEED = 0x2f6b7d31;
const LINE_FEED = 10;

/**
 * Reads tokenizer.json and indexes its pieces in an open-addressing hash table of integers: a table of 30,522
 * JavaScript strings takes several times as long to build, and slicing strings to look them up as well.
 */
export function readVocabulary(bytes: Uint8Array): Result<Vocabulary, VocabularyCode> {
  let file: Partial<TokenizerFile>;
  try {
    file = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return fail("bad_tokenizer", "the tokenizer file is not valid JSON", "tokenizer");
  }
  const { model, unknown, start, end, continuing, maxWordCodePoints, vocabulary } = file ?? {};
  if (model !== "WordPiece" || typeof vocabulary !== "string" || typeof continuing !== "string") {
    return fail("bad_tokenizer", "the tokenizer file holds no WordPiece vocabulary", "tokenizer");
  }
  if (!Number.isSafeInteger(maxWordCodePoints) || (maxWordCodePoints as number) < 1) {
    return fail("bad_tokenizer", "the tokenizer file has no valid maxWordCodePoints", "tokenizer");
  }
  const index = indexPieces(vocabulary, continuing);
  const [unknownId, startId, endId] = [unknown, start, end].map((piece) => index.idOfLine(piece));
  if (unknownId === undefined || startId === undefined || endId === undefined) {
    return fail("bad_tokenizer", "the vocabulary lacks its unknown, start or end token", "tokenizer");
  }
  return ok({
    size: index.size,
    unknownId,
    startId,
    endId,
    maxWordCodePoints: maxWordCodePoints as number,
    matchedUnits: 0,
    longestPiece(units, begin, finish) {
      let hash = begin === 0 ? FIRST_SEED : CONTINUING_SEED;
      const limit = Math.min(finish, begin + (begin === 0 ? index.longestFirst : index.longestContinuing));
      let best = -1;
      for (let k = begin; k < limit; k++) {
        hash = Math.imul(hash ^ (units[k] as number), PRIME);
        const id = index.find(hash, units, begin, k + 1);
        if (id < 0) continue;
        best = id;
        this.matchedUnits = k + 1 - begin;
      }
      return best;
    },
  });
}

function indexPieces(vocabulary: string, continuing: string) {
  const lines = countLines(vocabulary);
  const slots = 1 << Math.ceil(Math.log2(lines * 4)); // at most a quarter full: a miss costs one probe
  const mask = slots - 1;
  const table = new Int32Array(slots); // id + 1
  const pieceStart = new Int32Array(lines);
  const pieceEnd = new Int32Array(lines);
  const text = new Uint16Array(vocabulary.length);
  const isContinuing = new Uint8Array(lines);
  let longestFirst = 0;
  let longestContinuing = 0;

  let position = 0;
  for (let id = 0; id < lines; id++) {
    const continues = vocabulary.startsWith(continuing, position) ? 1 : 0;
    if (continues) position += continuing.length;
    const start = position;
    let hash = continues ? CONTINUING_SEED : FIRST_SEED;
    for (; position < vocabulary.length; position++) {
      const unit = vocabulary.charCodeAt(position);
      if (unit === LINE_FEED) break;
      text[position] = unit;
      hash = Math.imul(hash ^ unit, PRIME);
    }
    pieceStart[id] = start;
    pieceEnd[id] = position;
    isContinuing[id] = continues;
    if (continues) longestContinuing = Math.max(longestContinuing, position - start);
    else longestFirst = Math.max(longestFirst, position - start);
    position++;
    let slot = spread(hash) & mask;
    while (table[slot] !== 0) slot = (slot + 1) & mask;
    table[slot] = id + 1;
  }

  return {
    size: lines,
    longestFirst,
    longestContinuing,
    find(hash: number, units: Uint16Array, start: number, end: number): number {
      for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
        const id = (table[slot] as number) - 1;
        if (id < 0) return -1;
        let at = pieceStart[id] as number;
        if ((pieceEnd[id] as number) - at !== end - start || isContinuing[id] !== (start === 0 ? 0 : 1))
          continue;
        let k = start;
        while (k < end && units[k] === text[at]) {
          k++;
          at++;
        }
        if (k === end) return id;
      }
    },
    idOfLine(piece: string | undefined): number | undefined {
      const id = piece === undefined ? -1 : vocabulary.split("\n", 1000).indexOf(piece);
      return id < 0 ? undefined : id;
    },
  };
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

// FNV's low bits mix poorly over short words; fold the high ones in.
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
