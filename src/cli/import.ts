import { Argument, type Command } from "commander";
import { type FormatName, formats } from "../importers/formats.ts";
import { type ImportSummary, importFiles } from "../importers/import-files.ts";
import { writeOutcomes } from "../outcomes/write-outcomes.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { parsePositive } from "./parse-number.ts";

interface ImportFlags {
  readonly out: string;
  readonly model?: readonly string[];
  readonly task?: string;
  readonly metric?: readonly string[];
  readonly promptField?: string;
  readonly maxScore: number;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  signalbox import csv results.csv --task support --out outcomes.jsonl
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
    .option("--max-score <number>", "the score that means perfect", parsePositive, 1)
    .option("--json", "print the summary as one JSON document")
    .addHelpText("after", `\nFormats:\n${describeFormats()}\n${EXAMPLES}`)
    .action(runImport);
}

async function runImport(format: FormatName, files: readonly string[], flags: ImportFlags) {
  const { out, model: models = [], task, metric: metrics = [], promptField, maxScore } = flags;
  if (models.length > 1 && models.length !== files.length) {
    throw new WrongUsage(
      `--model is given ${models.length} times for ${files.length} files; give it once, or once for each file`,
    );
  }
  const { records, summary } = unwrap(
    await importFiles(formats[format], files, models, {
      metrics,
      maxScore,
      ...(task === undefined ? {} : { task }),
      ...(promptField === undefined ? {} : { promptField }),
    }),
  );
  try {
    await writeOutcomes(out, records);
  } catch (error) {
    throw new CommandFailure({
      code: "unwritable_file",
      message: `${out}: cannot be written (${(error as Error).message})`,
    });
  }
  process.stdout.write(
    flags.json ? `${JSON.stringify({ format, files, out, ...summary })}\n` : describe(summary, out),
  );
}

function describe({ prompts, results, repeats, models, tasks, skipped }: ImportSummary, out: string): string {
  const names = Object.keys(models);
  const nameColumns = Math.max(...names.map((name) => name.length));
  const lines = [
    `${out}: ${prompts} prompts of ${Object.keys(tasks).length} tasks, ${results} results of ${names.length} models`,
    ...Object.entries(models).map(
      ([name, model]) =>
        `  ${name.padEnd(nameColumns)}  mean ${model.mean.toFixed(3)} on ${model.prompts} prompts`,
    ),
    ...(repeats > 0 ? [`averaged: ${repeats} repeated results of the same prompt and model`] : []),
    ...skipped.map(({ reason, count, first }) => `skipped ${count}: ${reason} (first at ${first})`),
  ];
  return `${lines.join("\n")}\n`;
}

function describeFormats(): string {
  return Object.entries(formats)
    .map(([name, { summary }]) => `  ${name.padEnd(13)} ${summary}`)
    .join("\n");
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
