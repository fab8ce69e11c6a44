import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { benchmarkFile, type Suite } from "../../models/benchmarks/suites.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { type Catalogue, catalogueWithoutPrices } from "../../src/core/catalogue.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { readPriceList } from "../../src/evaluation/price-list.ts";
import { crossValidate } from "../../src/evaluation/protocols/cross-validation.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { readOutcomes } from "../../src/outcomes/read-outcomes.ts";
import { textKey } from "../../src/training/build-dataset.ts";
import { type Dataset, meanOutcomes, takeModels, takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import type { Router } from "./measure.ts";

/** A router that was fitted on four fifths of a suite, and prompts of the last fifth with what models scored on them. */
export interface AttackedSuite extends Router {
  readonly name: Suite;
  /** Left-out prompts that attacks are measured on. */
  readonly prompts: readonly string[];
  /** [prompts, models] in the order of `predictor.models`; NaN where there is no result. */
  readonly outcomes: (prompt: number, model: string) => number;
  /** Prompts the router learned from: what an attacker tunes on. */
  readonly tuning: readonly string[];
  /** The highest price of an answer. */
  readonly dearest: string;
  /** The lowest mean score. */
  readonly weakest: string;
  /** Model -> its mean score on the prompts the router learned from. */
  readonly meanScores: ReadonlyMap<string, number>;
}

const SEED = 0;
const FOLDS = 5;
const TUNING_PROMPTS = 16;
const BYTES_OF_KEY = 16;

/** @returns undefined where the prompts' texts are not there */
export async function loadSuite(
  name: Suite,
  folder: string,
  count: number,
): Promise<AttackedSuite | undefined> {
  const file = `${folder}/${name}/outcomes.jsonl.gz`;
  if (!existsSync(file)) return undefined;
  const textOf = new Map(
    unwrap(await readOutcomes([file])).map(({ prompt }) => [textKey(prompt).slice(0, BYTES_OF_KEY), prompt]),
  );
  const benchmark = unwrap(readBenchmark(new Uint8Array(await readFile(benchmarkFile(name)))));
  const { dataset, catalogue } = await withPrices(name, benchmark.dataset);
  const [split] = crossValidate(dataset, FOLDS, SEED);
  if (split === undefined) throw new Error(`${name} has no prompts`);
  const train = takePrompts(dataset, split.train);
  const bundle = unwrap(
    await fitRouter(
      train,
      { ...benchmark.header.encoder, dimension: dataset.embeddings.columns },
      { kind: "landmark-heads", neighbors: 5, seed: SEED, catalogue },
    ),
  );
  const predictor = unwrap(loadPredictor(bundle));
  const random = seededRandom(SEED);
  const draw = (from: Int32Array, most: number) =>
    Array.from(permutation(from.length, random), (k) => from[k])
      .filter((i) => textOf.has(dataset.textKeys[i] as string))
      .slice(0, most);
  const textsOf = (indices: readonly number[]) =>
    indices.map((i) => textOf.get(dataset.textKeys[i] as string) as string);
  const attacked = draw(split.test, count);
  const means = meanOutcomes(train);
  const meanScores = new Map(dataset.models.map((model, m) => [model, means[m]]));
  return {
    name,
    predictor,
    catalogue,
    prompts: textsOf(attacked),
    outcomes: (prompt, model) =>
      dataset.outcomes.data[
        attacked[prompt] * dataset.models.length + dataset.models.indexOf(model)
      ] as number,
    tuning: textsOf(draw(split.train, TUNING_PROMPTS)),
    dearest: lowest(predictor.models, (model) => -(catalogue.models[model]?.price.output ?? 0)),
    weakest: lowest(predictor.models, (model) => meanScores.get(model) as number),
    meanScores,
  };
}

/** The router that the project ships; it has learned from the suites' prompts. */
export async function loadShippedRouter(): Promise<Router> {
  const read = (name: string) => readFile(new URL(`../../models/default/${name}`, import.meta.url));
  return {
    predictor: unwrap(loadPredictor(new Uint8Array(await read("bundle.safetensors")))),
    catalogue: unwrap(parseCatalogue(JSON.parse((await read("catalogue.json")).toString("utf8")))),
  };
}

/** The models that prices are known of, with them; ids of the suite. */
async function withPrices(
  name: Suite,
  dataset: Dataset,
): Promise<{ dataset: Dataset; catalogue: Catalogue }> {
  const prices = unwrap(
    await readPriceList(
      fileURLToPath(
        new URL(
          name === "llmrouter"
            ? "../../models/benchmarks/llmrouter-prices.json"
            : "../../models/default/catalogue.json",
          import.meta.url,
        ),
      ),
    ),
  );
  const priced = takeModels(
    dataset,
    dataset.models.filter((model) => prices.has(model)),
  );
  const catalogue = catalogueWithoutPrices(priced.models);
  const models = Object.entries(catalogue.models).map(([id, model]) => [
    id,
    { ...model, price: prices.get(id) ?? model.price },
  ]);
  return { dataset: priced, catalogue: { ...catalogue, models: Object.fromEntries(models) } };
}

function lowest(models: readonly string[], rankOf: (model: string) => number): string {
  return models.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))[0] as string;
}
