import { ok, type Result } from "../core/result.ts";
import { isCommonHan, normalizeText } from "./normalize.ts";
import { readVocabulary, type VocabularyCode } from "./vocabulary.ts";

/** Text to WordPiece token ids, as the uncased BERT tokenizer makes them. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** [CLS] */
  readonly startId: number;
  /** [SEP] */
  readonly endId: number;
  /** [UNK]: what a word becomes that no pieces make up, such as an emoji or a word in a script without pieces. */
  readonly unknownId: number;
  /**
   * Token ids of the whole text, without special tokens. A literal "[CLS]" or "[SEP]" in the text is plain text
   * (a bracket, a word, a bracket): what a user writes must not act as a control token.
   */
  encode(text: string): Int32Array;
}

const LETTER = 0;
const SPACE = 1;
/** Punctuation and Han: a word of its own. */
const ALONE = 2;
/** Not plain ASCII: needs normalizing. */
const OTHER = 3;
const asciiClass = Uint8Array.from({ length: 128 }, (_, unit) => {
  if (unit === 9 || unit === 10 || unit === 13 || unit === 32) return SPACE;
  if (unit < 32 || unit === 127) return OTHER;
  return /[a-z0-9]/i.test(String.fromCharCode(unit)) ? LETTER : ALONE;
});

function classOfNormalized(unit: number): number {
  return isCommonHan(unit) ? ALONE : LETTER;
}

// At least this many units are normalized at once: the dozen passes over the text cost more to start than to run.
const NORMALIZED_STRETCH = 512;

/** Reads tokenizer.json; fails with `bad_tokenizer` if it holds no usable vocabulary. */
export function createTokenizer(bytes: Uint8Array): Result<Tokenizer, VocabularyCode> {
  const read = readVocabulary(bytes);
  if (!read.ok) return read;
  const vocabulary = read.value;

  // Scratch shared by all calls: encoding is synchronous. Code points take up to two UTF-16 units.
  const word = new Uint16Array(2 * vocabulary.maxWordCodePoints);
  let units = 0;
  let codePoints = 0;
  let ids = new Int32Array(1024);
  let count = 0;

  function push(id: number): void {
    if (count === ids.length) {
      const larger = new Int32Array(2 * count);
      larger.set(ids);
      ids = larger;
    }
    ids[count++] = id;
  }

  // WordPiece: the longest piece, then the longest continuing piece, ...; one gap makes the word unknown.
  function endWord(): void {
    if (units === 0) return;
    const first = count;
    const fits = codePoints <= vocabulary.maxWordCodePoints;
    for (let start = 0; start < units && fits; start += vocabulary.matchedUnits) {
      const id = vocabulary.longestPiece(word, start, units);
      if (id < 0) {
        count = first;
        break;
      }
      push(id);
    }
    if (count === first) push(vocabulary.unknownId);
    units = 0;
    codePoints = 0;
  }

  function addUnit(unit: number): void {
    if (units < word.length) word[units++] = unit;
    if (unit < 0xdc00 || unit > 0xdfff) codePoints++; // the second half of a pair is no new code point
  }

  function scan(text: string, normalized: boolean): void {
    let wordStart = 0;
    for (let k = 0; k < text.length; k++) {
      const unit = text.charCodeAt(k);
      switch (unit < 128 ? asciiClass[unit] : normalized ? classOfNormalized(unit) : OTHER) {
        case LETTER:
          addUnit(unit >= 65 && unit <= 90 ? unit + 32 : unit);
          continue;
        case ALONE:
          endWord();
          addUnit(unit);
          endWord();
          break;
        case SPACE:
          endWord();
          break;
        default: {
          // Normalize from the start of this word to a white space some way on, and scan what comes out.
          units = 0;
          codePoints = 0;
          let end = k + NORMALIZED_STRETCH;
          while (end < text.length && asciiClass[text.charCodeAt(end)] !== SPACE) end++;
          scan(normalizeText(text.slice(wordStart, end)), true);
          k = end - 1;
        }
      }
      wordStart = k + 1;
    }
    endWord();
  }

  return ok({
    vocabularySize: vocabulary.size,
    startId: vocabulary.startId,
    endId: vocabulary.endId,
    unknownId: vocabulary.unknownId,
    encode(text) {
      count = 0;
      scan(text, false);
      return ids.slice(0, count);
    },
  });
}
