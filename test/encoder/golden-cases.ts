import golden from "../golden/encoder.json" with { type: "json" };

/** One case of test/golden/encoder.json, its text written out. */
export interface GoldenCase {
  readonly name: string;
  readonly text: string;
  readonly inputIds: readonly number[];
  readonly lexicalIds: readonly number[];
  readonly lexicalCounts: readonly number[];
  readonly embedding: readonly number[];
}

export const goldenFiles = golden.encoder.files;

/** How the fixtures write a text: plainly, as UTF-16 units if it has lone surrogates, or by a rule. */
interface WrittenText {
  readonly text?: string;
  readonly utf16?: readonly number[];
  readonly repeat?: string;
  readonly times?: number;
  readonly chars?: number;
}

function readText({ text, utf16, repeat, times, chars }: WrittenText): string {
  const whole = text ?? (utf16 ? String.fromCharCode(...utf16) : (repeat ?? "").repeat(times ?? 0));
  return whole.slice(0, chars);
}

export const goldenCases: readonly GoldenCase[] = golden.cases.map((entry) => {
  const text = readText(entry);
  return {
    name: `${JSON.stringify(text.slice(0, 40))} (${text.length} characters)`,
    text,
    inputIds: entry.input_ids,
    lexicalIds: entry.lexical_ids,
    lexicalCounts: entry.lexical_counts,
    embedding: entry.embedding,
  };
});

/** Strings on which tokenizers tend to differ, and their ids. */
export const awkwardTexts: readonly { readonly text: string; readonly ids: readonly number[] }[] =
  golden.awkward.map((entry) => ({ text: readText(entry), ids: entry.ids }));

/** 1 - cosine of two vectors. */
export function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k], b[k]];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return 1 - dot / Math.sqrt(aa * bb);
}

/** Largest absolute difference between two vectors, from index `start`. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>, start = 0): number {
  let largest = 0;
  for (let k = start; k < a.length; k++) largest = Math.max(largest, Math.abs(a[k] - b[k]));
  return largest;
}
