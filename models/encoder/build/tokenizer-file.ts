import {
  addUnitToHash,
  CONTINUING_SEED,
  EMPTY_UNIT,
  FIRST_ID_UNIT,
  FIRST_SEED,
  slotOfHash,
} from "../../../src/encoder/piece-hash.ts";
import type { TokenizerFile } from "../../../src/encoder/vocabulary.ts";

const MAX_WORD_CODE_POINTS = 100; // BERT's own
const SLOTS_PER_PIECE = 4; // rounded to a power of two; a miss then costs little more than one look

/**
 * Makes the encoder's tokenizer.json from the public one. Kept: the vocabulary in order of id, and the limit on a
 * word. Added: a hash table over it. Stripped: truncation to 128, padding, the template of special tokens, the
 * decoder and the normalizer's settings, which src/encoder implements (uncased BERT) and which would be parsed
 * for nothing at every cold start.
 */
export function tokenizerFile(publicTokenizerJson: string): Uint8Array {
  const { model } = JSON.parse(publicTokenizerJson) as { model: { vocab: Record<string, number> } };
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(model.vocab)) pieces[id] = piece;
  const continues = (piece: string) => piece.startsWith("##");
  const longest = (lengths: number[]) => lengths.reduce((most, length) => Math.max(most, length), 0);
  const file: TokenizerFile = {
    model: "WordPiece",
    unknownId: pieces.indexOf("[UNK]"),
    startId: pieces.indexOf("[CLS]"),
    endId: pieces.indexOf("[SEP]"),
    maxWordCodePoints: MAX_WORD_CODE_POINTS,
    longestFirst: longest(pieces.filter((piece) => !continues(piece)).map((piece) => piece.length)),
    longestContinuing: longest(pieces.filter(continues).map((piece) => piece.length - 2)),
    vocabulary: pieces.join("\n"),
    index: hashIndex(pieces, continues),
  };
  return new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`);
}

function hashIndex(pieces: readonly string[], continues: (piece: string) => boolean): string {
  const slots = 2 ** Math.round(Math.log2(pieces.length * SLOTS_PER_PIECE));
  const table = new Uint16Array(slots).fill(EMPTY_UNIT);
  pieces.forEach((piece, id) => {
    let hash = continues(piece) ? CONTINUING_SEED : FIRST_SEED;
    for (let k = continues(piece) ? 2 : 0; k < piece.length; k++)
      hash = addUnitToHash(hash, piece.charCodeAt(k));
    let slot = slotOfHash(hash, slots);
    while (table[slot] !== EMPTY_UNIT) slot = (slot + 1) % slots;
    table[slot] = FIRST_ID_UNIT + id;
  });
  return Array.from(table, (unit) => String.fromCharCode(unit)).join("");
}
