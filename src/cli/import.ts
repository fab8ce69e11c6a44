import { Argument, type Command, InvalidArgumentError } from "commander";
import { type FormatName, formats } from "../importers/formats.ts";
import { type ImportSummary, importFiles } from "../importers/import-files.ts";
import { type TableField, tableFields } from "../importers/importer.ts";
import { writeOutcomes } from "../outcomes/write-outcomes.ts";
import { CommandFailure, sentenceOf, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { parsePositive } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { printable } from "./terminal.ts";

interface ImportFlags {
  readonly out: string;
  readonly model?: readonly string[];
  readonly task?: string;
  readonly metric?: readonly string[];
  readonly promptField?: string;
  readonly maxScore: number;
  readonly map?: Readonly<Partial<Record<TableField, string>>>;
  readonly columns?: readonly string[];
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  signalbox import csv results.csv --task support --out outcomes.jsonl
  signalbox import csv rows.jsonl --map prompt=inputs.question,model=llm,score=grade --out outcomes.jsonl
  signalbox import lm-eval results/*/samples_*.jsonl --out outcomes.jsonl.gz
  signalbox import promptfoo results.json --model gpt-4o-mini --out outcomes.jsonl`;

/** `import <format> <files...> --out outcomes.jsonl`: other tools' result files -> outcomes. */
export function registerImport(program: Command): void {
  program
    .command("import")
    .description("turn other tools' result files into outcomes")
    .addArgument(new Argument("<format>", "which tool wrote the files").choices(Object.keys(formats)))
    .argument("<files...>", "its result files, usually one for each model")
    .requiredOption("--out <file>", "outcome file to write; .gz compresses it")
    .option("--model <name>", "the model's name, once for all files or once for each", collect)
    .option("--task <name>", "the task's name, in place of the file's own")
    .option("--metric <name>", "which metric is the score; repeat it to say which others will do", collect)
    .option("--prompt-field <name>", "field of the sample that holds the prompt")
    .option(
      "--map <field=column,...>",
      `columns of a table under other names: any of ${tableFields.join(", ")}`,
      parseMap,
    )
    .option("--columns <names>", "columns of a table that hold a model's scores each", splitNames)
    .option("--max-score <number>", "the score that means perfect", parsePositive, 1)
    .option("--json", "print the summary as one JSON document")
    .addHelpText("after", `\nFormats:\n${describeFormats()}\n${EXAMPLES}`)
    .action(runImport);
}

async function runImport(format: FormatName, files: readonly string[], flags: ImportFlags) {
  const { out, model: models = [], task, metric: metrics = [], promptField, maxScore, map, columns } = flags;
  if (models.length > 1 && models.length !== files.length) {
    throw new WrongUsage(
      `--model is given ${models.length} times for ${files.length} files; give it once, or once for each file`,
    );
  }
  const options = {
    metrics,
    maxScore,
    ...(task === undefined ? {} : { task }),
    ...(promptField === undefined ? {} : { promptField }),
    ...(map === undefined ? {} : { map }),
    ...(columns === undefined ? {} : { columns }),
  };
  const progress = startProgress("results read");
  const imported = await importFiles(formats[format], files, models, options, (results) =>
    progress.update(results, undefined),
  );
  progress.end();
  const { records, summary } = unwrap(imported);
  try {
    await writeOutcomes(out, records);
  } catch (error) {
    throw new CommandFailure({
      code: "unwritable_file",
      message: sentenceOf(error) ?? `${out}: cannot be written (${(error as Error).message})`,
    });
  }
  print(flags.json ? JSON.stringify({ format, files, out, ...summary }) : describe(summary, out));
}

function describe(
  { prompts, results, repeats, comparable, models, tasks, skipped }: ImportSummary,
  out: string,
): string {
  const names = Object.keys(models).map(printable);
  const nameColumns = Math.max(...names.map((name) => name.length));
  const lines = [
    `${out}: ${counted(prompts, "prompt")} of ${counted(Object.keys(tasks).length, "task")}, ${counted(results, "result")} of ${counted(names.length, "model")}`,
    ...Object.entries(models).map(
      ([name, model]) =>
        `  ${printable(name).padEnd(nameColumns)}  mean ${model.mean.toFixed(3)} on ${model.prompts} prompts`,
    ),
    ...(repeats > 0 ? [`averaged: ${repeats} repeated results of the same prompt and model`] : []),
    ...(comparable === 0 && names.length > 1 ? [NOTHING_SHARED] : []),
    ...skipped.map(({ reason, count, first }) =>
      printable(`skipped ${count}: ${reason} (first at ${first})`),
    ),
  ];
  return lines.join("\n");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

const NOTHING_SHARED =
  "warning: no prompt has results of two models, so that nothing says which to choose; do the files name the same task (--task) and the same ids?";

function describeFormats(): string {
  return Object.entries(formats)
    .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
    .join("\n");
}

function parseMap(
  text: string,
  before: Readonly<Partial<Record<TableField, string>>> = {},
): Readonly<Partial<Record<TableField, string>>> {
  const pairs = splitNames(text).map((pair) => {
    const [, name = "", column = ""] = /^([a-z_]+)=(.+)$/.exec(pair) ?? [];
    const field = tableFields.find((known) => known === name);
    if (field !== undefined) return [field, column] as const;
    throw new InvalidArgumentError(`"${pair}" is no field=column; fields are ${tableFields.join(", ")}.`);
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function splitNames(value: string): readonly string[] {
  return value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
