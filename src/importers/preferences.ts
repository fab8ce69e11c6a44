import { fail, ok } from "../core/result.ts";
import { promptText } from "./chat-prompt.ts";
import { requireColumns } from "./csv-columns.ts";
import { type CsvRow, cellOf } from "./csv-rows.ts";
import { nameOfFile } from "./file-name.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import { readTableRows } from "./table-rows.ts";

const noun = "a table of preferences";

/** Scores of the first and the second model, by what the column `winner` says. */
const verdicts: Readonly<Record<string, readonly [number, number]>> = {
  model_a: [1, 0],
  a: [1, 0],
  model_b: [0, 1],
  b: [0, 1],
  tie: [0.5, 0.5],
  "tie (bothbad)": [0, 0],
  both_bad: [0, 0],
};

/**
 * Pairwise preferences as chat arenas publish them: which of two models answered better. The winner counts as right and
 * the other as wrong, a tie as half right each.
 */
export const preferences: Importer = {
  noun,
  summary: "preferences: a table of prompt,model_a,model_b,winner",
  async *read(file, options) {
    for await (const row of readTableRows(file, noun)) {
      if (!row.ok) return yield row;
      yield* readRow(row.value, file, options);
    }
  },
};

function* readRow(row: CsvRow, file: string, options: ImportOptions): Generator<ImportItem> {
  const { place } = row;
  const promptColumn = options.promptField ?? options.map?.prompt ?? "prompt";
  const required = requireColumns(row, [promptColumn, "model_a", "model_b", "winner"], noun, file);
  if (!required.ok) return yield required;
  const prompt = firstTurn(cellOf(row, promptColumn));
  const models = [cellOf(row, "model_a")?.trim(), cellOf(row, "model_b")?.trim()] as const;
  const [first, second] = models;
  const winner = (cellOf(row, "winner") ?? "").trim();
  if (prompt === undefined || !first || !second || winner === "") {
    return yield ok({ skipped: "no prompt, model or winner", place });
  }
  const named = models.indexOf(winner);
  const scores = named < 0 ? verdicts[winner.toLowerCase()] : named === 0 ? verdicts["a"] : verdicts["b"];
  if (scores === undefined) {
    const known = Object.keys(verdicts).join(", ");
    return yield fail(
      "wrong_type",
      `${place}: "winner" is "${winner}", but must be a model's name or one of ${known}`,
      file,
    );
  }
  const id = cellOf(row, "id");
  const task = options.task ?? cellOf(row, "task") ?? nameOfFile(file);
  const base = { task, ...(id === undefined ? {} : { id }), prompt, place };
  yield ok({ ...base, model: first, score: scores[0] });
  yield ok({ ...base, model: second, score: scores[1] });
}

/** Arenas write a conversation's prompts as a list of texts; a router decides on the first. */
function firstTurn(cell: string | undefined): string | undefined {
  if (cell?.startsWith("[") === true) {
    try {
      const [turn] = JSON.parse(cell) as readonly unknown[];
      if (typeof turn === "string") return turn || undefined;
    } catch {
      return promptText(cell);
    }
  }
  return promptText(cell);
}
