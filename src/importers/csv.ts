import { fail, ok } from "../core/result.ts";
import { promptText } from "./chat-prompt.ts";
import { amountOf, requireColumns } from "./csv-columns.ts";
import { type CsvRow, cellOf } from "./csv-rows.ts";
import { nameOfFile, nameOfFolder } from "./file-name.ts";
import {
  type Importer,
  type ImportItem,
  type ImportOptions,
  type TableField,
  tableFields,
} from "./importer.ts";
import { isMissing, toScore } from "./score.ts";
import { readTableRows } from "./table-rows.ts";

const noun = "a table of scores";
const amounts = { output_chars: "outputChars", output_tokens: "outputTokens", cost_usd: "costUsd" } as const;

/** Columns that stand beside models in people's tables, and are none. */
const NO_MODELS: ReadonlySet<string> = new Set([
  ...[
    "average",
    "avg",
    "mean",
    "total",
    "sum",
    "best",
    "oracle",
    "winner",
    "reference",
    "expected",
    "target",
  ],
  ...[
    "answer",
    "ground_truth",
    "label",
    "category",
    "topic",
    "index",
    "row",
    "comment",
    "notes",
    "difficulty",
  ],
]);

/**
 * A table of one's own, in one of two shapes: a row for each prompt and model (columns `prompt`, `model`,
 * `score`), or a row for each prompt and a column for each model (`prompt` and the models' names).
 */
export const csv: Importer = {
  noun,
  summary: "CSV, TSV or JSON: prompt,model,score, or prompt and one column a model",
  async *read(file, options) {
    for await (const row of readTableRows(file, noun)) {
      if (!row.ok) return yield row;
      yield* readRow(row.value, file, options);
    }
  },
};

function* readRow(row: CsvRow, file: string, options: ImportOptions): Generator<ImportItem> {
  const names = columnsOf(row, options);
  const isLong = row.cells.has(names.score) || options.map?.score !== undefined;
  const needed = isLong && options.model === undefined ? [names.prompt, names.model] : [names.prompt];
  const required = requireColumns(row, isLong ? [...needed, names.score] : needed, noun, file);
  if (!required.ok) return yield required;
  const cell = (field: TableField) => cellOf(row, names[field])?.trim() || undefined;
  const prompt = promptText(cellOf(row, names.prompt));
  if (prompt === undefined) return yield ok({ skipped: "no prompt text", place: row.place });
  const id = cell("id");
  const base = {
    task: options.task ?? cell("task") ?? taskOf(file, options),
    ...(id === undefined ? {} : { id }),
    prompt,
    place: row.place,
  };
  yield* isLong
    ? readLong(row, names, base, file, options)
    : readWide(row, new Set(Object.values(names)), base, file, options);
}

/** Where --model says whose results a file holds, its name is the model's and not the task's. */
function taskOf(file: string, { model }: ImportOptions): string {
  return model === undefined ? nameOfFile(file) : nameOfFolder(file);
}

type Names = Readonly<Record<TableField, string>>;

/** The columns of the fields: as --map says, else of that name, whatever its case. */
function columnsOf({ cells }: CsvRow, { map = {}, metrics, promptField }: ImportOptions): Names {
  const asked: Partial<Record<TableField, string | undefined>> = {
    prompt: promptField,
    score: metrics.find((metric) => cells.has(metric)),
    ...map,
  };
  const byLowerCase = new Map([...cells.keys()].map((column) => [column.toLowerCase(), column]));
  const entries = tableFields.map(
    (field) => [field, asked[field] ?? byLowerCase.get(field) ?? field] as const,
  );
  return Object.fromEntries(entries) as Names;
}

function objectKeys<Key extends string>(object: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(object) as Key[];
}

interface Base {
  readonly task: string;
  readonly id?: string;
  readonly prompt: string;
  readonly place: string;
}

function* readLong(
  row: CsvRow,
  names: Names,
  base: Base,
  file: string,
  options: ImportOptions,
): Generator<ImportItem> {
  const model = options.model ?? cellOf(row, names.model)?.trim();
  if (!model) return yield fail("unknown_model", `${row.place}: the model's name is empty`, file);
  const cell = cellOf(row, names.score);
  if (isMissing(cell)) return yield ok({ skipped: "no score", place: row.place });
  const score = toScore(cell, `"${names.score}"`, row.place, file, options);
  if (!score.ok) return yield score;
  const measured: { -readonly [Name in (typeof amounts)[keyof typeof amounts]]?: number } = {};
  for (const field of objectKeys(amounts)) {
    const amount = amountOf(row, names[field], file);
    if (!amount.ok) return yield amount;
    if (amount.value !== undefined) measured[amounts[field]] = amount.value;
  }
  yield ok({ ...base, model, score: score.value, ...measured });
}

function* readWide(
  row: CsvRow,
  own: ReadonlySet<string>,
  base: Base,
  file: string,
  options: ImportOptions,
): Generator<ImportItem> {
  const models = options.columns ?? [...row.cells.keys()].filter((column) => !own.has(column));
  const required = requireColumns(row, models, noun, file);
  if (!required.ok) return yield required;
  if (models.length === 0) {
    return yield fail(
      "wrong_format",
      `${file}:1: not ${noun}: there is no column "score" and none for a model`,
      file,
    );
  }
  const doubtful = options.columns === undefined && models.find((name) => NO_MODELS.has(name.toLowerCase()));
  if (doubtful) {
    const others = models.filter((name) => !NO_MODELS.has(name.toLowerCase()));
    return yield fail(
      "unknown_model",
      `${file}:1: is the column "${doubtful}" a model? Say which columns are: --columns ${others.join(",") || "<names>"}`,
      file,
    );
  }
  for (const model of models) {
    const cell = cellOf(row, model);
    if (isMissing(cell)) {
      yield ok({ skipped: "no score", place: row.place });
      continue;
    }
    const score = toScore(cell, `column "${model}"`, row.place, file, options);
    if (score.ok) yield ok({ ...base, model, score: score.value });
    else if (score.failure.code !== "wrong_type" || options.columns !== undefined) yield score;
    else {
      const others = models.filter((name) => name !== model).join(",");
      const advice = `; if it is no model, say which columns are: --columns ${others || "<names>"}`;
      yield fail(score.failure.code, score.failure.message + advice, file);
    }
  }
}
