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

// Controls, line separators, lone surrogates, and marks that turn the direction of writing.
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** Text from a file as a terminal may show it: what would end the line or steer the terminal is written out, as in JSON. */
export function printable(text: string): string {
  return text.replaceAll(STEERING, writtenOut);
}

/** The same for what a command says: its own line ends, tabs and colors stay. */
export function printableLines(text: string): string {
  return text.replaceAll(STEERING_OR_OWN, (found) =>
    found.length > 1 || found === "\n" || found === "\t" ? found : writtenOut(found),
  );
}

const STEERING_OR_OWN = new RegExp(`\\u001b\\[[\\d;]*m|${STEERING.source}`, "gu");

function writtenOut(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
