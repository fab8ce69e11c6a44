import { permutation, type Random } from "../../numerics/random.ts";

/** Changes of a prompt's surface that leave the question the same. */
export const perturbations: Readonly<Record<string, (text: string, random: Random) => string>> = {
  typos: swapLetters,
  lower_case: (text) => text.toLowerCase(),
  white_space: (text) => text.replace(/\s+/gu, "  "),
  reordered_options: reorderOptions,
};

/** Share of the longer words that get two neighboring letters swapped. */
const TYPO_SHARE = 0.05;

function swapLetters(text: string, random: Random): string {
  return text.replace(/\p{L}{4,}/gu, (word) => {
    if (random() >= TYPO_SHARE) return word;
    const k = 1 + Math.floor(random() * (word.length - 2));
    return word.slice(0, k) + word[k + 1] + word[k] + word.slice(k + 2);
  });
}

const OPTION = /^(\s*(?:- )?\(?[A-Ja-j][).:]\s+)(.+)$/u;
// Two lines that start with a letter may be a list of anything.
const FEWEST_OPTIONS = 3;

/** Shuffles the contents of the last run of lines like "A. ..."; the letters stay. */
function reorderOptions(text: string, random: Random): string {
  const lines = text.split("\n");
  let end = lines.length;
  while (end > 0 && !OPTION.test(lines[end - 1] as string)) end--;
  let start = end;
  while (start > 0 && OPTION.test(lines[start - 1] as string)) start--;
  if (end - start < FEWEST_OPTIONS) return text;
  const options = lines.slice(start, end).map((line) => OPTION.exec(line) as RegExpExecArray);
  const order = permutation(options.length, random);
  const shuffled = options.map(([, letter], k) => `${letter}${options[order[k]]?.[2]}`);
  return [...lines.slice(0, start), ...shuffled, ...lines.slice(end)].join("\n");
}
