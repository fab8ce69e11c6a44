import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { parseJson } from "../contract/parse.ts";
import { loadPredictor } from "../core/bundle.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { RouterKind } from "../core/predictor.ts";
import type { Dataset } from "../training/dataset.ts";
import type { PublishedScores } from "../training/evidence/apply-published.ts";
import { signalboxCommand } from "./configuration.ts";
import { bundledEncoderDirectory, openEncoder } from "./encoder.ts";
import { unwrap, WrongUsage } from "./failure.ts";
import { readModelNames } from "./model-names.ts";
import { print, tell } from "./output.ts";
import { parseNames } from "./parse-names.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { bundlePath, cataloguePath, writeRouterFolder } from "./router-folder.ts";
import { showMarkdown } from "./show-markdown.ts";
import { catalogueSkeleton, type KnownModels, readKnownModels, unfilledFields } from "./train-catalogue.ts";
import { loadTrainingData } from "./training-data.ts";

interface TrainOptions {
  readonly out: string;
  readonly kind: RouterKind;
  readonly catalogue?: string;
  readonly names?: string;
  readonly published?: string;
  readonly models?: readonly string[];
  readonly minOutcomes: number;
  readonly neighbors?: number;
  readonly seed: number;
  readonly encoder: string;
  readonly cache: string;
  readonly json?: boolean;
}

const kinds: Readonly<Record<RouterKind, string>> = {
  "landmark-heads": "better and smaller",
  knn: "the method of the paper",
};

/** `train <outcomes...>`: fits a router and writes it, with its model card, as a folder that `publish` takes. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("learn a router from outcome files and write its bundle and model card")
    .argument(
      "<outcomes...>",
      "outcome files (.jsonl or .jsonl.gz) or benchmark files; suite=file puts `suite/` before its tasks",
    )
    .requiredOption("--out <dir>", "folder to write to")
    .addOption(
      new Option(
        "--kind <kind>",
        Object.entries(kinds)
          .map(([kind, sense]) => `${kind} is ${sense}`)
          .join(", "),
      )
        .choices(Object.keys(kinds))
        .default("landmark-heads"),
    )
    .option(
      "--catalogue <file>",
      "names, aliases and prices of the models; the bundle holds only models of it",
    )
    .option(
      "--names <file>",
      "other names of LLMs that the catalogue doesn't have, JSON: name -> list of names",
    )
    .option(
      "--published <file>",
      "scores that others published, JSON: LLM -> task, suite or other benchmark -> score",
    )
    .option("--models <names>", "learn from these models only (comma between them)", parseNames)
    .option("--min-outcomes <n>", "leave out models with fewer results", parseWholeNumber(0), 100)
    .option("--neighbors <n>", "k of --kind knn (default: 5)", parseWholeNumber(1))
    .option("--seed <n>", "seed of everything random", parseWholeNumber(0), 0)
    .option(
      "--encoder <dir>",
      "encoder to embed with; `lexical` for its view without a transformer",
      bundledEncoderDirectory,
    )
    .option("--cache <dir>", "where embeddings are kept between runs", ".signalbox/embeddings")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Without --catalogue, the bundle holds every model with results, and the catalogue written beside it has what the default
router's catalogue knows of them; the rest is to be filled in.

Examples:
  signalbox train results.jsonl --out my-router
  signalbox train results.jsonl --catalogue my-router/catalogue.json --out my-router    once prices are filled in
  signalbox publish my-router --local`,
    )
    .action(train);
}

async function train(files: readonly string[], options: TrainOptions): Promise<void> {
  if (options.neighbors !== undefined && options.kind !== "knn") {
    throw new WrongUsage(`--neighbors is for --kind knn; --kind ${options.kind} has no neighbors`);
  }
  const { looseTies, sharedModels } = await import("../training/suite-ties.ts");
  const known = await readKnownModels(options.catalogue);
  const names = await readModelNames(known.catalogue, options.names);
  const published =
    options.published === undefined ? undefined : await readPublished(options.published, names);
  const encoder = await openEncoder(options.encoder, "learning");
  const { dataset, counts } = await loadTrainingData(files, {
    encoder,
    cache: options.cache,
    names,
    minOutcomes: options.minOutcomes,
    ...(options.models === undefined ? {} : { models: options.models }),
  });
  // Without a catalogue of its own, every model goes into the bundle; `spend` then needs all their prices.
  const isPriced = dataset.models.every((model) => Object.hasOwn(known.catalogue.models, model));
  const catalogue = known.file !== undefined || isPriced ? known.catalogue : undefined;
  const leftOut = modelsLeftOut(counts, dataset.models, known, options);
  for (const { model, reason } of leftOut) tell(`left out: ${model} (${reason})`);
  tell(
    `fitting ${options.kind} on ${dataset.ids.length} prompts, ${dataset.models.length} models, ${dataset.tasks.length} tasks`,
  );
  const loose = looseTies(sharedModels(dataset));
  if (loose.length > 0) {
    tell(
      `tied by fewer than two models, so hardly comparable: ${loose.join("; ")}; aliases in the catalogue join names`,
    );
  }
  const { fitRouter } = await import("../training/fit-router.ts");
  const { modelCard } = await import("../training/model-card.ts");
  const fitted = unwrap(
    await fitRouter(dataset, encoder, {
      kind: options.kind,
      neighbors: options.neighbors,
      seed: options.seed,
      catalogue,
    }),
  );
  const bundle =
    published === undefined ? fitted : await withPublished(fitted, dataset, published, catalogue);
  // What can't be read back is a fault of the training, and no file.
  const { models } = unwrap(loadPredictor(bundle));
  const card = modelCard(bundle);
  const skeleton = known.file === undefined ? catalogueSkeleton(models, known) : undefined;
  const unfilled = skeleton === undefined ? [] : [...unfilledFields(JSON.parse(skeleton)).keys()];
  await writeRouterFolder(options.out, { bundle, catalogue: skeleton ?? known.bytes, card });
  if (options.json) {
    const told = { left_out: leftOut, without_price: unfilled };
    print(JSON.stringify({ bundle: bundlePath(options.out), bytes: bundle.length, ...told }));
  } else print(`${showMarkdown(card)}\n\n${nextStep(options.out, unfilled)}`);
}

function nextStep(folder: string, unfilled: readonly string[]): string {
  const publish = `\`${signalboxCommand(`publish ${folder} --local`)}\` makes it live`;
  if (unfilled.length === 0) return `Written to ${folder}; ${publish}.`;
  const file = cataloguePath(folder);
  return `Written to ${folder}. Next, fill in ${file}: provider, price and limits of ${unfilled.join(", ")}. Then ${publish}; train again with --catalogue ${file} and it can weigh cost (\`spend\`).`;
}

interface LeftOut {
  readonly model: string;
  readonly reason: string;
}

/** Models with results that the bundle will not hold, and why. */
function modelsLeftOut(
  counts: ReadonlyMap<string, number>,
  learned: readonly string[],
  { file, catalogue }: KnownModels,
  { minOutcomes, models: only }: TrainOptions,
): readonly LeftOut[] {
  return [...counts].sort().flatMap(([model, count]): readonly LeftOut[] => {
    if (!learned.includes(model)) {
      if (only !== undefined) return [];
      return [{ model, reason: `${count} results, fewer than --min-outcomes ${minOutcomes}` }];
    }
    if (file === undefined || Object.hasOwn(catalogue.models, model)) return [];
    return [{ model, reason: `not in ${file}; without --catalogue an entry is written for it` }];
  });
}

/** Before the fit: a mistake in the file should not cost it. */
async function readPublished(file: string, names: ReadonlyMap<string, string>): Promise<PublishedScores> {
  const { parsePublished } = await import("../training/evidence/apply-published.ts");
  const published = unwrap(parsePublished(unwrap(parseJson(await readFile(file), "scores_invalid"))));
  return new Map([...published].map(([name, scores]) => [names.get(name) ?? name, scores]));
}

async function withPublished(
  bundle: Uint8Array,
  dataset: Dataset,
  published: PublishedScores,
  catalogue: Catalogue | undefined,
): Promise<Uint8Array> {
  const { applyPublished, countOutcomes } = await import("../training/evidence/apply-published.ts");
  const applied = applyPublished(bundle, published, {
    outcomesOn: countOutcomes(dataset),
    isWanted: (model) => catalogue === undefined || Object.hasOwn(catalogue.models, model),
  });
  tell(
    `published scores moved ${applied.moved.length} models, and added ${applied.added.length} without outcomes: ${applied.added.join(", ") || "none"}`,
  );
  return applied.bundle;
}
