/** Ways to take a text apart, so that what is decided on the parts can be held against what is decided on the whole. */
export const partings = {
  /** The text without its last words, and without its first ones. */
  ends: (text: string): readonly string[] => {
    const words = wordsOf(text);
    const cut = Math.min(CUT_WORDS, Math.floor(words.length / 3));
    return [words.slice(0, words.length - cut), words.slice(cut)].map((part) => part.join(""));
  },
  /** Three thirds by words. */
  thirds: (text: string): readonly string[] => {
    const words = wordsOf(text);
    const bounds = [0, 1, 2, 3].map((k) => Math.round((k * words.length) / 3));
    return [0, 1, 2].map((k) => words.slice(bounds[k], bounds[k + 1]).join(""));
  },
} as const;

export type Parting = keyof typeof partings;
export const partingNames = Object.keys(partings) as readonly Parting[];

// As many as a gadget has: the best case for the defense.
const CUT_WORDS = 10;

/** Words with the white space behind them, so that joined they are the text again. */
function wordsOf(text: string): readonly string[] {
  return text.split(/(?<=\s)(?=\S)/);
}
