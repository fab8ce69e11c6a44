import { paint, printable, textWidth } from "./terminal.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

const GAP = "  ";
/** A shortened cell still tells something. */
const LEAST_WIDTH = 8;

/** A table in plain lines; on a terminal its widest columns are shortened until the lines fit. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = "  ",
): readonly string[] {
  const shown = rows.map((row) => row.map(printable));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...shown.map((row) => row[index]?.length ?? 0)),
  );
  // Of a column of numbers only the title can be shortened.
  const least = columns.map(({ isNumber }, index) =>
    isNumber ? Math.max(...shown.map((row) => row[index]?.length ?? 0)) : LEAST_WIDTH,
  );
  if (process.stdout.isTTY) shorten(least, widths, textWidth() - indent.length);
  const line = (cells: readonly string[]) =>
    indent +
    cells
      .map((cell, index) => fitCell(cell, widths[index] as number, columns[index]?.isNumber ?? false))
      .join(GAP)
      .trimEnd();
  return [paint("dim", line(columns.map(({ title }) => title))), ...shown.map(line)];
}

function shorten(least: readonly number[], widths: number[], room: number): void {
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - room;
    const slack = widths.map((width, index) => width - (least[index] ?? 0));
    const most = Math.max(...slack);
    if (over <= 0 || most <= 0) return;
    // The last of equals: names stand first, and say more than titles.
    const index = slack.lastIndexOf(most);
    widths[index] = (widths[index] ?? 0) - Math.min(over, most);
  }
}

function fitCell(cell: string, width: number, isNumber: boolean): string {
  const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
  return isNumber ? text.padStart(width) : text.padEnd(width);
}
