import { fail, ok, type Result } from "../core/result.ts";
import { promptText } from "./chat-prompt.ts";
import { chooseMetric } from "./choose-metric.ts";
import { amountOf } from "./csv-columns.ts";
import { type CsvRow, cellOf } from "./csv-rows.ts";
import { nameOfFolder } from "./file-name.ts";
import type { ImportCode, Importer, ImportItem, ImportOptions } from "./importer.ts";
import { isMissing, toScore } from "./score.ts";
import { withFieldsOfCells } from "./table-fields.ts";
import { readTableRows } from "./table-rows.ts";

/** Where a tool's rows have what; of several columns the first that a row has counts. */
interface ToolColumns {
  /** A column that holds the prompt, or what the fields of the prompt's column begin with. */
  readonly input: string;
  readonly models: readonly string[];
  /** What columns of scores begin with. */
  readonly scores: readonly string[];
  readonly ids: readonly string[];
  readonly outputTokens: readonly string[];
  readonly costs: readonly string[];
  /** Filled where the call failed. */
  readonly error?: string;
}

const modelColumns = ["model", "metadata.model", "metadata.model_name", "metadata.ls_model_name"] as const;

/** Experiments of LangSmith: `results.to_pandas()` as CSV or JSON, or the page's "Download CSV". */
export const langSmith = toolTable(
  "an experiment of LangSmith",
  "LangSmith: rows of an experiment, CSV or JSON",
  {
    input: "inputs",
    models: [...modelColumns, "extra.metadata.ls_model_name", "outputs.model"],
    scores: ["feedback.", "feedback_stats."],
    ids: ["example_id", "reference_example_id"],
    outputTokens: ["completion_tokens", "outputs.usage.completion_tokens"],
    costs: ["total_cost"],
    error: "error",
  },
);

/** Traces or observations of Langfuse with their scores. */
export const langfuse = toolTable(
  "an export of Langfuse",
  "Langfuse: export of traces or observations, CSV or JSON",
  {
    input: "input",
    models: [...modelColumns, "providedModelName", "provided_model_name", "modelId"],
    scores: ["scores."],
    ids: [],
    outputTokens: [
      "completionTokens",
      "usage.output",
      "usageDetails.output",
      "usage_details.output",
      "outputUsage",
    ],
    costs: ["totalCost", "calculatedTotalCost", "total_cost"],
  },
);

/** Experiments of Braintrust. */
export const braintrust = toolTable(
  "an export of Braintrust",
  "Braintrust: export of an experiment, CSV or JSON",
  {
    input: "input",
    models: modelColumns,
    scores: ["scores."],
    ids: [],
    outputTokens: ["metrics.completion_tokens"],
    costs: ["metrics.estimated_cost"],
    error: "error",
  },
);

/** Test runs of DeepEval, as DEEPEVAL_RESULTS_FOLDER keeps them. */
export const deepEval = toolTable(
  "a test run of DeepEval",
  "DeepEval: test runs of DEEPEVAL_RESULTS_FOLDER",
  {
    input: "input",
    models: [...modelColumns, "hyperparameters.model", "hyperparameters.Model"],
    scores: ["metricsData."],
    ids: [],
    outputTokens: ["outputTokenCount"],
    costs: ["tokenCost"],
  },
);

function toolTable(noun: string, summary: string, columns: ToolColumns): Importer {
  return {
    noun,
    summary,
    async *read(file, options) {
      for await (const row of readTableRows(file, noun, true)) {
        yield row.ok ? readRow(withFieldsOfCells(row.value), { file, noun, columns }, options) : row;
        if (!row.ok) return;
      }
    },
  };
}

interface Source {
  readonly file: string;
  readonly noun: string;
  readonly columns: ToolColumns;
}

function readRow(row: CsvRow, { file, noun, columns }: Source, options: ImportOptions): ImportItem {
  const { place } = row;
  if (columns.error !== undefined && !isMissing(cellOf(row, columns.error))) {
    return ok({ skipped: "the call ended in an error", place });
  }
  const promptColumn = choosePrompt(row, columns.input, noun, file, options);
  if (!promptColumn.ok) return promptColumn;
  const prompt = promptText(cellOf(row, promptColumn.value));
  if (prompt === undefined) return ok({ skipped: "no prompt text", place });
  const scored = scoreColumns(row, columns.scores, options);
  if (scored.size === 0) return ok({ skipped: "no score", place });
  const metric = chooseMetric([...scored.keys()], place, file, options);
  if (!metric.ok) return metric;
  const score = toScore(
    cellOf(row, scored.get(metric.value) as string),
    `"${metric.value}"`,
    place,
    file,
    options,
  );
  if (!score.ok) return score;
  const first = (names: readonly string[]) => names.find((name) => cellOf(row, name) !== undefined);
  const modelColumn = options.map?.model ?? first(columns.models);
  const model = options.model ?? (modelColumn && cellOf(row, modelColumn)?.trim());
  if (!model) {
    const advice = `give it with --model, or its column with --map model=...; ${listed(row)}`;
    return fail("unknown_model", `${place}: the row names no model; ${advice}`, file);
  }
  const tokens = amountOf(row, options.map?.output_tokens ?? first(columns.outputTokens) ?? "", file);
  if (!tokens.ok) return tokens;
  const cost = amountOf(row, options.map?.cost_usd ?? first(columns.costs) ?? "", file);
  if (!cost.ok) return cost;
  const idColumn = options.map?.id ?? first(columns.ids);
  const id = idColumn === undefined ? undefined : cellOf(row, idColumn);
  const taskColumn = options.map?.task;
  return ok({
    // Such files are one a model or one a run, and what they have in common is their folder.
    task: options.task ?? (taskColumn && cellOf(row, taskColumn)) ?? nameOfFolder(file),
    ...(id === undefined ? {} : { id }),
    prompt,
    model,
    score: score.value,
    ...(tokens.value ? { outputTokens: tokens.value } : {}),
    ...(cost.value ? { costUsd: cost.value } : {}),
    place,
  });
}

/** The input itself where it is a text or a chat; of an input with fields the one that was named, or the only one. */
function choosePrompt(
  row: CsvRow,
  input: string,
  noun: string,
  file: string,
  { map, promptField }: ImportOptions,
): Result<string, ImportCode> {
  const named = map?.prompt ?? promptField;
  if (named !== undefined) return ok(row.cells.has(named) ? named : `${input}.${named}`);
  const fields = [...row.cells.keys()].filter((name) => name.startsWith(`${input}.`));
  const chat = fields.find((name) => name === `${input}.messages`);
  if (chat !== undefined) return ok(chat);
  if (fields.length === 1) return ok(fields[0] as string);
  if (fields.length > 1) {
    const names = fields.map((name) => name.slice(input.length + 1)).join(", ");
    return fail(
      "unknown_metric",
      `${row.place}: which field of "${input}" is the prompt? Say it with --prompt-field: ${names}`,
      file,
    );
  }
  if (row.cells.has(input)) return ok(input);
  return fail(
    "wrong_format",
    `${row.place}: not ${noun}: the column "${input}" is missing; ${listed(row)}`,
    file,
  );
}

/** Metric -> its column. */
function scoreColumns(
  row: CsvRow,
  prefixes: readonly string[],
  { map }: ImportOptions,
): ReadonlyMap<string, string> {
  if (map?.score !== undefined) {
    return isMissing(cellOf(row, map.score)) ? new Map() : new Map([[map.score, map.score]]);
  }
  const found = [...row.cells].flatMap(([column, cell]) => {
    const prefix = prefixes.find((start) => column.startsWith(start));
    if (prefix === undefined || isMissing(cell)) return [];
    // LangSmith's statistics of a run's feedback: {"correctness": {"n": 1, "avg": 0.5}}.
    const [, statistic] =
      /\.(n|avg|values|stdev|errors|show_feedback_arrow|comments|sources)$/.exec(column) ?? [];
    if (statistic !== undefined && statistic !== "avg") return [];
    return [[column.slice(prefix.length).replace(/\.avg$/, ""), column] as const];
  });
  return new Map(found);
}

function listed({ cells }: CsvRow): string {
  return `there is: ${[...cells.keys()].slice(0, 12).join(", ")}`;
}
