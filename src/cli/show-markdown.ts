import { formatTable } from "./table.ts";
import { paint, textWidth, wrap } from "./terminal.ts";

/** Markdown of a model card as a person reads it in a terminal: tables in columns, long lines wrapped. */
export function showMarkdown(markdown: string): string {
  const lines: string[] = [];
  let rows: string[][] = [];
  const endTable = () => {
    const [titles = [], ...body] = rows;
    if (rows.length > 0) {
      const columns = titles.map((title, index) => ({
        title,
        isNumber: body.every((row) => /^[-+$.\d,% ]*$/.test(row[index] ?? "")),
      }));
      const table = formatTable(columns, body);
      lines.push(...(titles.every((title) => title === "") ? table.slice(1) : table));
    }
    rows = [];
  };
  for (const line of markdown.trimEnd().split("\n")) {
    if (line.startsWith("|")) {
      const cells = line.slice(1, -1).split("|");
      if (!cells.every((cell) => /^:?-+:?$/.test(cell.trim()))) rows.push(cells.map((cell) => cell.trim()));
      continue;
    }
    endTable();
    const [, heading] = /^#+ (.*)$/.exec(line) ?? [];
    if (heading !== undefined) lines.push(paint("bold", heading));
    else lines.push(...wrap(line, textWidth()));
  }
  endTable();
  return lines.join("\n");
}
