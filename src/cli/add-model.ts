import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { parseJson } from "../contract/parse.ts";
import { loadPredictor } from "../core/bundle.ts";
import { catalogueNames } from "../core/catalogue.ts";
import { describeEvidence } from "../core/evidence.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { bundlePath, cataloguePath, readCatalogueOf, writeRouterFolder } from "./router-folder.ts";

interface AddModelOptions {
  readonly bundle: string;
  readonly scores?: string;
  readonly out?: string;
  readonly suggest?: number;
  readonly encoder: string;
  readonly cache: string;
  readonly json?: boolean;
}

/** `add-model <model> <outcomes...>`: one more LLM in a bundle, from a few dozen results. */
export function registerAddModel(program: Command): void {
  program
    .command("add-model")
    .description(
      "add one LLM to a bundle from a few outcomes or published scores, without refitting the others",
    )
    .argument("<model>", "name of the LLM in the outcome files; the bundle gets its id in the catalogue")
    .argument("[outcomes...]", "outcome files; with --suggest, files with prompts to choose from")
    .option("--scores <file>", "published scores of it by task or suite of the bundle, JSON")
    .option("--bundle <dir>", "folder of the router to extend", bundledRouterDirectory)
    .option("--out <dir>", "folder to write the extended router to")
    .option(
      "--suggest <n>",
      "name the n prompts whose results would say most, and write nothing",
      parseWholeNumber(1),
    )
    .option("--encoder <dir>", "encoder to embed with", bundledEncoderDirectory)
    .option("--cache <dir>", "where embeddings are kept between runs", ".signalbox/embeddings")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
The file of --scores holds shares of right answers by a task, a suite or a wildcard, with where they are from:

  {"mmlu-pro": 0.83, "mmlu-pro/law": {"score": 0.71, "sd": 0.03, "source": "https://..."}}

\`sd\` is how far a score may be from what the bundle's own prompts would give (.03 without it). \`signalbox inspect\`
lists the bundle's tasks.

Examples:
  signalbox add-model new-llm --scores scores.json --out router-with-new-llm
  signalbox add-model new-llm prompts.jsonl --suggest 30      # run new-llm on these
  signalbox add-model new-llm results.jsonl --scores scores.json --out router-with-new-llm`,
    )
    .action(run);
}

async function run(model: string, files: readonly string[], options: AddModelOptions): Promise<void> {
  const { suggest: count, out } = options;
  if (count === undefined && out === undefined) {
    throw new WrongUsage("give --out <dir> for the extended router, or --suggest <n>");
  }
  if (files.length === 0 && (count !== undefined || options.scores === undefined)) {
    throw new WrongUsage("give outcome files, or --scores <file> with published scores");
  }
  const bundle = await readFile(bundlePath(options.bundle));
  const scores = options.scores === undefined ? undefined : await readScores(options.scores);
  // Published scores are all numbers: nothing is embedded, and no encoder loaded.
  const { records, embeddings } =
    files.length === 0
      ? await nothingRun()
      : await readRun(files, count === undefined ? model : undefined, options);
  if (count !== undefined) await suggest(bundle, records, embeddings, count, options.json);
  else if (out !== undefined) await add(model, bundle, { records, embeddings, scores }, { ...options, out });
}

/** What the LLM was run on, or may be run on. */
interface Run {
  readonly records: readonly OutcomeRecord[];
  readonly embeddings: Embeddings;
}

async function nothingRun(): Promise<Run> {
  const { matrix } = await import("../numerics/matrix.ts");
  return { records: [], embeddings: matrix(0, 0) };
}

/** @param model only the records with an outcome of it, where it is given */
async function readRun(
  files: readonly string[],
  model: string | undefined,
  { encoder: directory, cache }: AddModelOptions,
): Promise<Run> {
  const { orderRecords } = await import("../training/build-dataset.ts");
  const { embedRecords, readSuites } = await import("../training/load-dataset.ts");
  const { matrix } = await import("../numerics/matrix.ts");
  const all = orderRecords(unwrap(await readSuites(files)));
  // Own fields only: a model may be called `constructor`.
  const records = model === undefined ? all : all.filter(({ outcomes }) => Object.hasOwn(outcomes, model));
  if (records.length === 0) {
    throw new CommandFailure({
      code: "unknown_model",
      message: `no record of ${files.join(", ")} has an outcome of ${model}`,
    });
  }
  const encoder = await openEncoder(directory, "learning");
  const progress = startProgress("embedding");
  const embedded = await embedRecords(records, encoder, cache, progress.update);
  progress.end();
  const embeddings = matrix(records.length, encoder.dimension);
  embedded.forEach((values, i) => {
    embeddings.data.set(values, i * encoder.dimension);
  });
  return { records, embeddings };
}

async function readScores(file: string): Promise<Scores> {
  const { parseScores } = await import("../training/evidence/published-scores.ts");
  const json = unwrap(parseJson(await readFile(file), "scores_invalid"));
  return unwrap(parseScores(json));
}

type Scores = NonNullable<Parameters<typeof import("../training/add-model.ts")["addModel"]>[1]["scores"]>;
type Embeddings = Parameters<typeof import("../training/add-model.ts")["addModel"]>[1]["embeddings"];

async function suggest(
  bundle: Uint8Array,
  records: readonly OutcomeRecord[],
  embeddings: Embeddings,
  count: number,
  json: boolean | undefined,
): Promise<void> {
  const { designFeatures } = await import("../training/add-model.ts");
  const { suggestPrompts } = await import("../training/suggest-prompts.ts");
  const chosen = suggestPrompts(unwrap(designFeatures(bundle, embeddings)), count).map(
    (i) => records[i] as OutcomeRecord,
  );
  if (json) print(JSON.stringify(chosen.map(({ task, id }) => ({ task, id }))));
  else for (const { task, id } of chosen) print(`${task}\t${id}`);
}

async function add(
  model: string,
  bundle: Uint8Array,
  { records, embeddings, scores = new Map() }: Run & { readonly scores: Scores | undefined },
  { bundle: directory, out, json }: AddModelOptions & { readonly out: string },
): Promise<void> {
  const { addModel } = await import("../training/add-model.ts");
  const { modelCard } = await import("../training/model-card.ts");
  const catalogueFile = await readCatalogueOf(directory);
  const catalogue = catalogueFile?.catalogue;
  const id = (catalogue && catalogueNames(catalogue).get(model)) ?? model;
  const outcomes = Float64Array.from(records, (record) => record.outcomes[model] as number);
  const extended = unwrap(addModel(bundle, { model: id, embeddings, outcomes, scores }));
  // What can't be read back is a fault of ours, and no file.
  unwrap(loadPredictor(extended));
  await writeRouterFolder(out, {
    bundle: extended,
    catalogue: catalogueFile?.bytes,
    card: modelCard(extended),
  });
  const counts = { outcomes: outcomes.length, published: scores.size };
  if (json) print(JSON.stringify({ model: id, ...counts, bundle: bundlePath(out) }));
  else {
    const known = describeEvidence({ ...counts, feedback: 0 });
    print(`${id} added from ${known}; written to ${out}.`);
    if (catalogue && !Object.hasOwn(catalogue.models, id)) {
      print(`Add ${id} with its prices to ${cataloguePath(out)} before you publish.`);
    }
  }
}
