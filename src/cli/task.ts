import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { taskNamePattern } from "../contract/fields.ts";
import { kvKeys } from "../contract/pointer.ts";
import { toTaskProfile } from "../contract/task-profile.ts";
import { loadPredictor } from "../core/bundle.ts";
import { catalogueNames } from "../core/catalogue.ts";
import { recommendForTask, type TaskPrompt, type TaskRecommendation } from "../core/task.ts";
import { checksumOf } from "../encoder/files.ts";
import { writeWhole } from "../outcomes/write-whole.ts";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { unwrap, WrongUsage } from "./failure.ts";
import { CONFIG_HELP, STATE_HELP, type TargetOptions, withKeyValue } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { bundlePath, readCatalogueOf } from "./router-folder.ts";
import { formatTable } from "./table.ts";

interface TaskOptions extends TargetOptions {
  readonly prompts: string;
  readonly labels?: string;
  readonly suggest?: number;
  readonly bundle: string;
  readonly out?: string;
  readonly local?: boolean;
  readonly encoder: string;
  readonly cache: string;
}

/** `task <name>`: one model for a set of prompts, and a profile that the Worker applies to requests naming the task. */
export function registerTask(program: Command): void {
  program
    .command("task")
    .description("choose one model for a new task, from its prompts and perhaps a few labels")
    .argument("<name>", "name of the task")
    .requiredOption("--prompts <file>", "its prompts: .txt with one a line, or JSON lines with `prompt`")
    .option("--labels <file>", "outcomes of some of the prompts")
    .option(
      "--suggest <n>",
      "name the n prompts whose labels would say most, and write nothing",
      parseWholeNumber(1),
    )
    .option("--bundle <dir>", "router to ask; a knn bundle adds S3", bundledRouterDirectory)
    .option("--out <file>", "where to write the profile (default: <name>.task.json)")
    .addOption(new Option("--local", "store the profile in the KV of a local Worker").conflicts("remote"))
    .option("--remote", "store the profile in KV at Cloudflare, with Wrangler's login")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", STATE_HELP)
    .option("--encoder <dir>", "encoder to embed with", bundledEncoderDirectory)
    .option("--cache <dir>", "where embeddings are kept between runs", ".signalbox/embeddings")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  signalbox task support-mail --prompts mails.txt --suggest 20\n  signalbox task support-mail --prompts mails.txt --labels graded.jsonl --local",
    )
    .action(run);
}

async function run(name: string, options: TaskOptions): Promise<void> {
  if (!taskNamePattern.test(name)) {
    throw new WrongUsage(`"${name}" is no task name: letters, digits, . _ - only`);
  }
  const { labelPrompts, readTaskPrompts } = await import("../training/task-prompts.ts");
  const { embedTextsCached, readSuites } = await import("../training/load-dataset.ts");
  const bundle = await readFile(bundlePath(options.bundle));
  const predictor = unwrap(loadPredictor(bundle));
  const prompts = unwrap(await readTaskPrompts(options.prompts));
  const labels = options.labels === undefined ? [] : unwrap(await readSuites([options.labels]));
  const encoder = await openEncoder(options.encoder, "many texts");
  const progress = startProgress("embedding");
  const texts = prompts.map(({ prompt }) => prompt);
  const embeddings = await embedTextsCached(texts, encoder, options.cache, progress.update);
  progress.end();
  const catalogue = (await readCatalogueOf(options.bundle))?.catalogue;
  const names = catalogue === undefined ? new Map<string, string>() : catalogueNames(catalogue);
  const task = unwrap(labelPrompts(prompts, embeddings, labels, (model) => names.get(model) ?? model));
  if (options.suggest !== undefined) {
    const { suggestLabels } = await import("../training/suggest-prompts.ts");
    const chosen = suggestLabels(predictor, task, options.suggest).map((i) => prompts[i]?.id as string);
    print(options.json ? JSON.stringify(chosen) : chosen.join("\n"));
    return;
  }
  const { seededRandom } = await import("../numerics/random.ts");
  const recommendation = recommendForTask(predictor, task, seededRandom(0));
  const profile = toTaskProfile(name, await checksumOf(bundle), recommendation);
  const file = options.out ?? `${name}.task.json`;
  await writeWhole(file, `${JSON.stringify(profile, null, 2)}\n`);
  if (options.local || options.remote) {
    const bytes = new TextEncoder().encode(JSON.stringify(profile));
    await withKeyValue(options, (kv) => kv.put(kvKeys.task(name), bytes));
  }
  if (options.json) print(JSON.stringify(profile));
  else print(describe(name, recommendation, task, file));
}

const SHOWN = 8;

function describe(
  name: string,
  { model, by, scores, labelled, familiarity }: TaskRecommendation,
  task: readonly TaskPrompt[],
  file: string,
): string {
  const rows = scores
    .slice(0, SHOWN)
    .map(({ model: of, s1, s2, s3, posterior, labels }) => [
      ...[posterior.toFixed(3), s1.toFixed(3), s2.toFixed(3), s3?.toFixed(3) ?? "-", String(labels)],
      of,
    ]);
  const numbers = ["posterior", "S1", "S2", "S3", "labels"].map((title) => ({ title, isNumber: true }));
  return [
    `${name}: ${model} (by ${by.replaceAll("_", " ")}; ${task.length} prompts, ${labelled} labelled, familiarity ${familiarity.toFixed(2)})`,
    ...formatTable([...numbers, { title: "model" }], rows),
    `Profile written to ${file}.`,
  ].join("\n");
}
