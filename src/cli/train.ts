import { type Command, Option } from "commander";
import { catalogueNames } from "../core/catalogue.ts";
import type { RouterKind } from "../core/predictor.ts";
import { bundledEncoderDirectory, openEncoder } from "./encoder.ts";
import { unwrap, WrongUsage } from "./failure.ts";
import { print, tell } from "./output.ts";
import { parseNames } from "./parse-names.ts";
import { parseWholeNumber } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { bundlePath, readCatalogue, writeRouterFolder } from "./router-folder.ts";
import { showMarkdown } from "./show-markdown.ts";

interface TrainOptions {
  readonly out: string;
  readonly kind: RouterKind;
  readonly catalogue?: string;
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
      "outcome files (.jsonl or .jsonl.gz); suite=file puts `suite/` before its tasks",
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
      "\nExample:\n  signalbox train results.jsonl --catalogue models/default/catalogue.json --out my-router\n  signalbox publish my-router --local",
    )
    .action(train);
}

async function train(files: readonly string[], options: TrainOptions): Promise<void> {
  if (options.neighbors !== undefined && options.kind !== "knn") {
    throw new WrongUsage(`--neighbors is for --kind knn; --kind ${options.kind} has no neighbors`);
  }
  const { embedDataset, readSuites } = await import("../training/load-dataset.ts");
  const catalogueFile = options.catalogue === undefined ? undefined : await readCatalogue(options.catalogue);
  const catalogue = catalogueFile?.catalogue;
  const records = unwrap(await readSuites(files));
  const encoder = await openEncoder(options.encoder, "learning");
  const progress = startProgress("embedding");
  const dataset = unwrap(
    await embedDataset(
      records,
      encoder,
      options.cache,
      {
        names: catalogue === undefined ? new Map() : catalogueNames(catalogue),
        minOutcomes: options.minOutcomes,
        ...(options.models === undefined ? {} : { models: options.models }),
      },
      progress.update,
    ),
  );
  progress.end();
  tell(
    `fitting ${options.kind} on ${dataset.ids.length} prompts, ${dataset.models.length} models, ${dataset.tasks.length} tasks`,
  );
  const { fitRouter } = await import("../training/fit-router.ts");
  const { modelCard } = await import("../training/model-card.ts");
  const bundle = unwrap(
    await fitRouter(dataset, encoder, {
      kind: options.kind,
      neighbors: options.neighbors,
      seed: options.seed,
      catalogue,
    }),
  );
  const card = modelCard(bundle);
  await writeRouterFolder(options.out, { bundle, catalogue: catalogueFile?.bytes, card });
  if (options.json) {
    print(JSON.stringify({ bundle: bundlePath(options.out), bytes: bundle.length }));
  } else {
    print(
      `${showMarkdown(card)}\n\nWritten to ${options.out}; \`signalbox publish ${options.out} --local\` makes it live.`,
    );
  }
}
