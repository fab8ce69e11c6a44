// BERT's cleaning: control, format, private-use and surrogate code points and U+FFFD vanish.
// Runs are taken in parts: the engine's stack does not hold one of ten million.
const REMOVED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]{1,1000}/gu;
const WHITE_SPACE = /[\t\n\r]|(?!\p{Cc})\p{White_Space}/gu;
// Han ideographs outside the two blocks that `isCommonHan` covers, of the blocks that BERT calls Chinese.
const RARE_HAN =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
const NONSPACING_MARKS = /\p{Mn}{1,1000}/gu;
// Decomposing sorts each run of combining marks, in quadratic time: a text of nothing else would take hours. Unicode's
// Stream-Safe Text Format (UAX #15, section 13) puts a joiner after every 30; it is a mark too and goes with them.
const LONG_MARKS = /\p{M}{30}/gu;
const COMBINING_GRAPHEME_JOINER = "\u034F";
const PUNCTUATION_BEYOND_ASCII = /(?!\p{ASCII})\p{P}/gu;

/**
 * Normalizes text as uncased BERT does: cleans it, strips accents, lowers case, and puts spaces around rare Han
 * characters and non-ASCII punctuation. White space becomes plain spaces. Common Han characters and ASCII
 * punctuation, each a word of its own too, are left to the caller, who meets them one by one anyway.
 *
 * Equal to the BertNormalizer and BertPreTokenizer of the Rust tokenizers library on every code point except
 * 672 that were added or reclassified after the Unicode versions of its tables (8 and 9); none of them is in
 * the vocabulary. As in that library, capital sigma lowers to σ also at the end of a word.
 */
export function normalizeText(text: string): string {
  return text
    .replace(WHITE_SPACE, " ")
    .replace(REMOVED, "")
    .replace(RARE_HAN, " $& ")
    .replace(LONG_MARKS, `$&${COMBINING_GRAPHEME_JOINER}`)
    .normalize("NFD")
    .replace(NONSPACING_MARKS, "")
    .replaceAll("Σ", "σ")
    .toLowerCase()
    .replace(PUNCTUATION_BEYOND_ASCII, " $& ");
}

/** CJK unified ideographs and their extension A. */
export function isCommonHan(unit: number): boolean {
  return unit >= 0x3400 && unit <= 0x9fff && (unit <= 0x4dbf || unit >= 0x4e00);
}
