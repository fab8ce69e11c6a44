import { paint, printable, textWidth } from "./terminal.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** Left out where the terminal is too narrow for it; the last such one first. */
  readonly isExtra?: boolean;
}

const GAP = "  ";
/** A shortened cell still tells something. */
const LEAST_WIDTH = 8;

/**
 * A table in plain lines. On a terminal that it is too wide for, titles of numbers are shortened first, then extra columns
 * are left out, and then texts are shortened.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  indent = "  ",
): readonly string[] {
  const cells = rows.map((row) => row.map(printable));
  const own = columns.map((_, index) => Math.max(0, ...cells.map((row) => row[index]?.length ?? 0)));
  const widths = columns.map(({ title }, index) => Math.max(title.length, own[index] as number));
  let shown = columns.map((_, index) => index);
  if (process.stdout.isTTY) {
    const room = textWidth() - indent.length;
    const isNumber = (index: number) => columns[index]?.isNumber ?? false;
    const titles = own.map((width, index) => (isNumber(index) ? width : Number.POSITIVE_INFINITY));
    shorten(titles, widths, shown, room);
    while (overBy(widths, shown, room) > 0) {
      const extra = shown.findLast((index) => columns[index]?.isExtra);
      if (extra === undefined) break;
      shown = shown.filter((index) => index !== extra);
    }
    const least = own.map((width, index) => (isNumber(index) ? width : LEAST_WIDTH));
    shorten(least, widths, shown, room);
  }
  const line = (row: readonly string[]) =>
    indent +
    shown
      .map((index) => fitCell(row[index] ?? "", widths[index] as number, columns[index]?.isNumber ?? false))
      .join(GAP)
      .trimEnd();
  return [paint("dim", line(columns.map(({ title }) => title))), ...cells.map(line)];
}

function overBy(widths: readonly number[], shown: readonly number[], room: number): number {
  return shown.reduce((sum, index) => sum + (widths[index] ?? 0), 0) + GAP.length * (shown.length - 1) - room;
}

/** Takes from the column first that has most over its least width, until the lines fit. */
function shorten(least: readonly number[], widths: number[], shown: readonly number[], room: number): void {
  for (;;) {
    const over = overBy(widths, shown, room);
    const slack = widths.map((width, index) => (shown.includes(index) ? width - (least[index] ?? 0) : 0));
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
