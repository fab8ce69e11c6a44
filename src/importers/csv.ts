import { basename } from "node:path";
import { fail, ok } from "../core/result.ts";
import { amountOf, requireColumns } from "./csv-columns.ts";
import { type CsvRow, cellOf, readCsvRows } from "./csv-rows.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import { toScore } from "./score.ts";

const noun = "a CSV table of scores";
const amounts = { output_chars: "outputChars", output_tokens: "outputTokens", cost_usd: "costUsd" } as const;

/**
 * A table of one's own, in one of two shapes: a row for each prompt and model (columns `prompt`, `model`,
 * `score`), or a row for each prompt and a column for each model (`prompt` and the models' names).
 */
export const csv: Importer = {
  noun,
  summary: "CSV: prompt,model,score, or prompt and one column a model",
  async *read(file, options) {
    for await (const row of readCsvRows(file, noun)) {
      if (!row.ok) return yield row;
      const promptColumn = options.promptField ?? "prompt";
      const isLong = row.value.cells.has("score");
      const required = requireColumns(
        row.value,
        isLong && options.model === undefined ? [promptColumn, "model"] : [promptColumn],
        noun,
        file,
      );
      if (!required.ok) return yield required;
      const prompt = cellOf(row.value, promptColumn);
      if (prompt === undefined) {
        yield ok({ skipped: "no prompt text", place: row.value.place });
        continue;
      }
      const id = cellOf(row.value, "id");
      const base = {
        task: options.task ?? cellOf(row.value, "task") ?? (basename(file).split(".")[0] as string),
        ...(id === undefined ? {} : { id }),
        prompt,
        place: row.value.place,
      };
      yield* isLong ? readLong(row.value, base, file, options) : readWide(row.value, base, file, options);
    }
  },
};

interface Base {
  readonly task: string;
  readonly id?: string;
  readonly prompt: string;
  readonly place: string;
}

function* readLong(row: CsvRow, base: Base, file: string, options: ImportOptions): Generator<ImportItem> {
  const model = options.model ?? cellOf(row, "model");
  if (model === undefined) {
    return yield fail("unknown_model", `${row.place}: the model's name is empty`, file);
  }
  if (cellOf(row, "score") === undefined) return yield ok({ skipped: "no score", place: row.place });
  const score = toScore(cellOf(row, "score"), `"score"`, row.place, file, options);
  if (!score.ok) return yield score;
  const measured: { -readonly [Name in (typeof amounts)[keyof typeof amounts]]?: number } = {};
  for (const [column, name] of Object.entries(amounts)) {
    const amount = amountOf(row, column, file);
    if (!amount.ok) return yield amount;
    if (amount.value !== undefined) measured[name] = amount.value;
  }
  yield ok({ ...base, model, score: score.value, ...measured });
}

function* readWide(row: CsvRow, base: Base, file: string, options: ImportOptions): Generator<ImportItem> {
  const own = new Set(["task", "id", "prompt", options.promptField]);
  const models = [...row.cells.keys()].filter((column) => !own.has(column));
  if (models.length === 0) {
    return yield fail(
      "wrong_format",
      `${file}:1: not ${noun}: there is no column "score" and none for a model`,
      file,
    );
  }
  for (const model of models) {
    const cell = cellOf(row, model);
    if (cell === undefined) yield ok({ skipped: "no score", place: row.place });
    else {
      const score = toScore(cell, `column "${model}"`, row.place, file, options);
      yield score.ok ? ok({ ...base, model, score: score.value }) : score;
    }
  }
}
