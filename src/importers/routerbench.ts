import { ok } from "../core/result.ts";
import { amountOf, requireColumns } from "./csv-columns.ts";
import { type CsvRow, cellOf, readCsvRows } from "./csv-rows.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import { parsePythonList } from "./python-list.ts";
import { isMissing, toScore } from "./score.ts";

const noun = "a table of RouterBench";
const COST_SUFFIX = "|total_cost";
const ANSWER_SUFFIX = "|model_response";

/**
 * RouterBench's tables, converted from pickle to CSV: one row a prompt; for each model its score, its cost in
 * USD (`<model>|total_cost`) and its answer (`<model>|model_response`).
 */
export const routerBench: Importer = {
  noun,
  summary: "RouterBench: routerbench_*.pkl converted to CSV",
  async *read(file, options) {
    for await (const row of readCsvRows(file, noun)) {
      if (!row.ok) return yield row;
      const required = requireColumns(
        row.value,
        ["sample_id", "prompt", "eval_name", ...modelsOf(row.value)],
        noun,
        file,
      );
      if (!required.ok) return yield required;
      yield* readRow(row.value, file, options);
    }
  },
};

function* readRow(row: CsvRow, file: string, options: ImportOptions): Generator<ImportItem> {
  const { place } = row;
  const id = cellOf(row, "sample_id");
  // A prompt is a list of turns; a router decides on the first one.
  const prompt = firstOf(cellOf(row, "prompt"));
  if (id === undefined || !prompt) return yield ok({ skipped: "no sample_id or prompt", place });
  const task = options.task ?? cellOf(row, "eval_name") ?? "routerbench";
  for (const model of modelsOf(row)) {
    if (isMissing(cellOf(row, model))) {
      yield ok({ skipped: "no score", place });
      continue;
    }
    const score = toScore(cellOf(row, model), `column "${model}"`, place, file, options);
    if (!score.ok) return yield score;
    const costUsd = amountOf(row, model + COST_SUFFIX, file);
    if (!costUsd.ok) return yield costUsd;
    const answer = firstOf(cellOf(row, model + ANSWER_SUFFIX));
    yield ok({
      task,
      id,
      prompt,
      model,
      score: score.value,
      ...(answer === undefined ? {} : { outputChars: answer.length }),
      ...(costUsd.value === undefined ? {} : { costUsd: costUsd.value }),
      place,
    });
  }
}

/** Every model has a cost column; the score stands in the column of the bare name. */
function modelsOf({ cells }: CsvRow): readonly string[] {
  return [...cells.keys()].flatMap((column) =>
    column.endsWith(COST_SUFFIX) ? [column.slice(0, -COST_SUFFIX.length)] : [],
  );
}

function firstOf(cell: string | undefined): string | undefined {
  return cell === undefined ? undefined : (parsePythonList(cell)?.[0] ?? cell);
}
