import { styleText } from "node:util";

/** Of a line where the output goes to no terminal; a file or a pipe has no width. */
const WIDTH_WITHOUT_TERMINAL = 100;
/** Longer lines are hard to read, however wide the window is. */
const MOST_COLUMNS = 140;
const LEAST_COLUMNS = 40;

/** Columns that text on stdout may take. */
export function textWidth(): number {
  const columns = process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL;
  return Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, columns));
}

/** Colors text on a terminal, unless NO_COLOR is set; elsewhere it stays as it is. */
export function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout, validateStream: true });
}

/** Breaks lines between words; a word that is longer than a line stays whole. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      if (current !== "" && current.length + 1 + word.length > width) {
        lines.push(current);
        current = word;
      } else current = current === "" ? word : `${current} ${word}`;
    }
    return [...lines, current];
  });
}

/**
 * Text from a file as a terminal may show it: on one line, and with what would steer the terminal (escapes, other
 * controls, marks that turn the direction of writing) written out.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}
