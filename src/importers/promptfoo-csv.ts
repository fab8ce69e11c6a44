import { fail, ok } from "../core/result.ts";
import { promptText } from "./chat-prompt.ts";
import { type CsvRow, readCsvRows } from "./csv-rows.ts";
import { nameOfFile } from "./file-name.ts";
import type { ImportItem, ImportOptions } from "./importer.ts";
import { toScore } from "./score.ts";

const noun = "a promptfoo result";

/** One model's answers: the column of the answer, and what stands behind it until the next model's. */
interface Answered {
  readonly model: string;
  readonly template: string;
  readonly output: string;
  readonly status: string | undefined;
  readonly score: string | undefined;
}

/**
 * The table of `promptfoo eval -o results.csv`: the variables, then for each model `[model] template`, `Status`, `Score`
 * and more. Older versions have the first of these alone, with `[PASS]` before the answer.
 */
export async function* readPromptfooCsv(file: string, options: ImportOptions): AsyncGenerator<ImportItem> {
  for await (const row of readCsvRows(file, noun, { mayRepeat: true })) {
    if (!row.ok) return yield row;
    const { variables, answers } = columnsOf(row.value);
    if (answers.length === 0) {
      return yield fail("wrong_format", `${file}:1: not ${noun}: no column is headed [model] prompt`, file);
    }
    if (options.promptField !== undefined && !variables.includes(options.promptField)) {
      const message = `${file}:1: there is no variable "${options.promptField}"; there is: ${variables.join(", ")}`;
      return yield fail("wrong_format", message, file);
    }
    for (const answer of answers) yield readAnswer(row.value, answer, file, options);
  }
}

function columnsOf({ cells }: CsvRow): {
  readonly variables: readonly string[];
  readonly answers: readonly Answered[];
} {
  const columns = [...cells.keys()];
  const heads = columns.flatMap((column, index) => {
    const [, model, template] = /^\[([^\]]+)\] ([\s\S]*)$/.exec(column) ?? [];
    return model === undefined || template === undefined ? [] : [{ column, index, model, template }];
  });
  const answers = heads.map(({ column, index, model, template }, at): Answered => {
    const own = columns.slice(index + 1, heads[at + 1]?.index);
    const named = (name: string) => own.find((other) => other.replace(/ \(\d+\)$/, "") === name);
    const withoutCount = template.replace(/ \(\d+\)$/, "");
    return { model, template: withoutCount, output: column, status: named("Status"), score: named("Score") };
  });
  return { variables: columns.slice(0, heads[0]?.index ?? 0), answers };
}

function readAnswer(
  { cells, place }: CsvRow,
  { model, template, output, status, score }: Answered,
  file: string,
  options: ImportOptions,
): ImportItem {
  const cell = cells.get(output) ?? "";
  const [, before, rest] = /^\[(PASS|FAIL|ERROR)\]\s?([\s\S]*)$/.exec(cell) ?? [];
  const verdict = (status === undefined ? before : cells.get(status))?.trim().toUpperCase();
  if (verdict === "ERROR") return ok({ skipped: "the call ended in an error", place });
  if (verdict !== "PASS" && verdict !== "FAIL") return ok({ skipped: "no score", place });
  const [metric = "score"] = options.metrics;
  if (metric !== "score" && metric !== "pass") {
    const message = `${place}: there is no metric ${metric} in promptfoo's CSV, only score and pass; its JSON has them`;
    return fail("unknown_metric", message, file);
  }
  const value = metric === "pass" || score === undefined ? verdict : cells.get(score);
  const result = toScore(value, `"${metric}"`, place, file, options);
  if (!result.ok) return result;
  const sent = template.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name) => cells.get(name) ?? whole);
  const prompt = promptText(options.promptField === undefined ? sent : cells.get(options.promptField));
  if (prompt === undefined) return ok({ skipped: "no prompt text", place });
  const answer = status === undefined ? (rest ?? "") : cell;
  return ok({
    task: options.task ?? nameOfFile(file),
    prompt,
    model: options.model ?? model,
    score: result.value,
    ...(answer === "" ? {} : { outputChars: answer.length }),
    place,
  });
}
