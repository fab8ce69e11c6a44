import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { catalogueNames } from "../core/catalogue.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import { bundledEncoderDirectory, bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { bundlePath, cataloguePath, readCatalogueOf, writeRouterFolder } from "./router-folder.ts";

interface AddModelOptions {
  readonly bundle: string;
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
    .description("add one LLM to a bundle from a few dozen outcomes, without refitting the others")
    .argument("<model>", "name of the LLM in the outcome files; the bundle gets its id in the catalogue")
    .argument("<outcomes...>", "outcome files; with --suggest, files with prompts to choose from")
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
      "\nExample:\n  signalbox add-model new-llm prompts.jsonl --suggest 30      # run new-llm on these\n  signalbox add-model new-llm results.jsonl --out router-with-new-llm",
    )
    .action(run);
}

async function run(model: string, files: readonly string[], options: AddModelOptions): Promise<void> {
  const { suggest: count, out } = options;
  if (count === undefined && out === undefined) {
    throw new WrongUsage("give --out <dir> for the extended router, or --suggest <n>");
  }
  const { orderRecords } = await import("../training/build-dataset.ts");
  const { embedRecords, readSuites } = await import("../training/load-dataset.ts");
  const records = orderRecords(unwrap(await readSuites(files)));
  const encoder = await openEncoder(options.encoder, "learning");
  const bundle = await readFile(bundlePath(options.bundle));
  // Own fields only: a model may be called `constructor`.
  const useful =
    count === undefined ? records.filter(({ outcomes }) => Object.hasOwn(outcomes, model)) : records;
  if (useful.length === 0) {
    throw new CommandFailure({
      code: "unknown_model",
      message: `no record of ${files.join(", ")} has an outcome of ${model}`,
    });
  }
  const progress = startProgress("embedding");
  const embedded = await embedRecords(useful, encoder, options.cache, progress.update);
  progress.end();
  const { matrix } = await import("../numerics/matrix.ts");
  const embeddings = matrix(useful.length, encoder.dimension);
  embedded.forEach((values, i) => {
    embeddings.data.set(values, i * encoder.dimension);
  });
  if (count !== undefined) await suggest(bundle, useful, embeddings, count, options.json);
  else if (out !== undefined) await add(model, bundle, useful, embeddings, { ...options, out });
}

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
  records: readonly OutcomeRecord[],
  embeddings: Embeddings,
  { bundle: directory, out, json }: AddModelOptions & { readonly out: string },
): Promise<void> {
  const { addModel } = await import("../training/add-model.ts");
  const { modelCard } = await import("../training/model-card.ts");
  const catalogueFile = await readCatalogueOf(directory);
  const catalogue = catalogueFile?.catalogue;
  const id = (catalogue && catalogueNames(catalogue).get(model)) ?? model;
  const outcomes = Float64Array.from(records, (record) => record.outcomes[model] as number);
  const extended = unwrap(await addModel(bundle, { model: id, embeddings, outcomes }));
  await writeRouterFolder(out, {
    bundle: extended,
    catalogue: catalogueFile?.bytes,
    card: modelCard(extended),
  });
  if (json) print(JSON.stringify({ model: id, outcomes: outcomes.length, bundle: bundlePath(out) }));
  else {
    print(`${id} added from ${outcomes.length} outcomes; written to ${out}.`);
    if (catalogue && !Object.hasOwn(catalogue.models, id)) {
      print(`Add ${id} with its prices to ${cataloguePath(out)} before you publish.`);
    }
  }
}
