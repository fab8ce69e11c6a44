// BERT's cleaning: control, format, private-use and surrogate code points and U+FFFD vanish.
const REMOVED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]+/gu;
const WHITE_SPACE = /\p{White_Space}/gu;
// The blocks that BERT calls Chinese (Han ideographs; not kana, not hangul): each character is a word.
const HAN =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
const NONSPACING_MARKS = /\p{Mn}+/gu;
const PUNCTUATION_BEYOND_ASCII = /(?!\p{ASCII})\p{P}/gu;

/**
 * Normalises a stretch of text without ASCII white space as uncased BERT does: cleans it, strips accents, lowers
 * case, and puts spaces around Han characters and non-ASCII punctuation. ASCII punctuation is left to the caller.
 *
 * Equal to the BertNormalizer and BertPreTokenizer of the Rust tokenizers library on every code point except
 * 672 that were added or reclassified after the Unicode versions of its tables (8 and 9); none of them is in
 * the vocabulary. As in that library, capital sigma lowers to σ also at the end of a word.
 */
export function normalizeStretch(text: string): string {
  return text
    .replace(REMOVED, "")
    .replace(WHITE_SPACE, " ")
    .replace(HAN, " $& ")
    .normalize("NFD")
    .replace(NONSPACING_MARKS, "")
    .replaceAll("Σ", "σ")
    .toLowerCase()
    .replace(PUNCTUATION_BEYOND_ASCII, " $& ");
}
