import { paint, printable, textWidth } from "./terminal.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

const GAP = "  ";
/** A shortened cell still tells something. */
const LEAST_WIDTH = 8;

/** A table in plain lines; on a terminal its widest column of text is shortened until the lines fit. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = "  ",
): readonly string[] {
  const shown = rows.map((row) => row.map(printable));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...shown.map((row) => row[index]?.length ?? 0)),
  );
  if (process.stdout.isTTY) shorten(columns, widths, textWidth() - indent.length);
  const line = (cells: readonly string[]) =>
    indent +
    cells
      .map((cell, index) => fitCell(cell, widths[index] as number, columns[index]?.isNumber ?? false))
      .join(GAP)
      .trimEnd();
  return [paint("dim", line(columns.map(({ title }) => title))), ...shown.map(line)];
}

function shorten(columns: readonly Column[], widths: number[], room: number): void {
  const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  const texts = widths.map((width, index) => (columns[index]?.isNumber ? 0 : width));
  const widest = texts.indexOf(Math.max(...texts));
  if (total > room && widest >= 0)
    widths[widest] = Math.max(LEAST_WIDTH, (widths[widest] as number) - (total - room));
}

function fitCell(cell: string, width: number, isNumber: boolean): string {
  const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
  return isNumber ? text.padStart(width) : text.padEnd(width);
}
