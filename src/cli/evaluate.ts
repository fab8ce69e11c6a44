import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { stderr, stdout } from "node:process";
import { type Command, InvalidArgumentError } from "commander";
import { fail } from "../core/result.ts";
import { readBenchmark } from "../evaluation/benchmark-file.ts";
import { evaluateRouters } from "../evaluation/evaluate.ts";
import { joinDatasets } from "../evaluation/join-datasets.ts";
import { parsePriceList } from "../evaluation/price-list.ts";
import type { PriceList } from "../evaluation/prices.ts";
import { formatJson } from "../evaluation/report/json.ts";
import { formatTable } from "../evaluation/report/table.ts";
import type { Router } from "../evaluation/router.ts";
import { routers } from "../evaluation/routers/registry.ts";
import type { Dataset } from "../training/dataset.ts";
import { openEncoder } from "./encoder.ts";
import { unwrap } from "./failure.ts";
import { startProgress } from "./progress.ts";

interface Options {
  readonly protocol: "cv" | "loto" | "split";
  readonly test?: readonly string[];
  readonly json?: string | true;
  readonly html?: string;
  readonly routers?: readonly string[];
  readonly models?: readonly string[];
  readonly minCoverage: number;
  readonly maxIncomplete: number;
  readonly folds: number;
  readonly seed: number;
  readonly together: readonly (readonly string[])[];
  readonly prices?: string;
  readonly cache: string;
  readonly suite?: string;
}

/** `evaluate`: an honest comparison of routers on outcomes that they have not seen. */
export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("compare routers and baselines on outcomes that they have not seen")
    .argument("<outcomes...>", "outcome files (.jsonl, .jsonl.gz) or benchmark files (.safetensors)")
    .requiredOption(
      "--protocol <name>",
      "cv: folds over prompts; loto: leave one task out; split: train and test files",
      oneOf("cv", "loto", "split"),
    )
    .option("--test <files...>", "outcome files to judge on, for --protocol split")
    .option("--json [file]", "write the figures as JSON to a file, or to stdout in place of the table")
    .option("--html <file>", "write a report with charts")
    .option(
      "--routers <names>",
      `only these, separated by commas: ${routers.map(({ name }) => name).join(", ")}`,
      list,
    )
    .option("--models <names>", "only these models, separated by commas", list)
    .option(
      "--min-coverage <share>",
      "leave out models with results on a smaller share of the prompts",
      share,
      0.9,
    )
    .option(
      "--max-incomplete <share>",
      "leave out prompts that lack some model's result, unless more than this share do",
      share,
      0.05,
    )
    .option("--folds <number>", "folds of cv", wholeNumber(2), 5)
    .option("--seed <number>", "equal seeds give equal figures", wholeNumber(0), 0)
    .option(
      "--together <patterns>",
      "tasks that loto holds out together, such as mmlu,mmlu-pro/*; may be given several times",
      (value: string, before: readonly (readonly string[])[]) => [...before, list(value)],
      [] as readonly (readonly string[])[],
    )
    .option("--prices <file>", "catalogue or price list: adds quality-cost curves")
    .option("--cache <directory>", "where embeddings are kept", ".signalbox/embeddings")
    .option("--suite <name>", "name of the data in the report; the first file's name or folder by default")
    .action(evaluate);
}

async function evaluate(files: readonly string[], options: Options): Promise<void> {
  const chosen = options.routers === undefined ? routers : options.routers.map(findRouter);
  const prices = options.prices === undefined ? undefined : await readPrices(options.prices);
  const outcomes = await loadOutcomes(files, options.cache);
  const test = options.test === undefined ? undefined : await loadOutcomes(options.test, options.cache);
  const { protocol, minCoverage, maxIncomplete, folds, seed, together, models } = options;
  const progress = startProgress("fitting");
  const report = unwrap(
    await evaluateRouters(
      outcomes,
      {
        protocol,
        minCoverage,
        maxIncomplete,
        folds,
        seed,
        together,
        routers: chosen,
        suite: options.suite ?? suiteOf(files[0] as string),
        ...(models === undefined ? {} : { models }),
        ...(test === undefined ? {} : { test }),
        ...(prices === undefined ? {} : { prices }),
      },
      (done, total) => progress.update(done, total),
    ),
  );
  progress.end();
  if (report.sparse_models.length > 0) {
    stderr.write(`left out, with results on too few prompts: ${report.sparse_models.join(", ")}\n`);
  }
  if (report.incomplete_prompts > 0) {
    stderr.write(`${report.incomplete_prompts} prompts left out: some model has no result\n`);
  }
  if (report.dropped_duplicates > 0) {
    stderr.write(`${report.dropped_duplicates} training prompts left out: a test prompt has the same text\n`);
  }
  if (typeof options.json === "string") await writeFile(options.json, formatJson(report));
  stdout.write(options.json === true ? formatJson(report) : formatTable(report));
}

async function loadOutcomes(files: readonly string[], cache: string): Promise<Dataset> {
  const benchmarks = files.filter((file) => file.endsWith(".safetensors"));
  const texts = files.filter((file) => !file.endsWith(".safetensors"));
  const datasets: Dataset[] = [];
  for (const file of benchmarks) datasets.push(unwrap(readBenchmark(await readBytes(file))).dataset);
  if (texts.length > 0) datasets.push(await embedOutcomes(texts, cache));
  return joinDatasets(datasets);
}

async function embedOutcomes(files: readonly string[], cache: string): Promise<Dataset> {
  const { embedDataset, readSuites } = await import("../training/load-dataset.ts");
  const records = unwrap(await readSuites(files));
  const progress = startProgress("embedding");
  const dataset = unwrap(
    await embedDataset(
      records,
      await openEncoder(),
      cache,
      { names: new Map(), minOutcomes: 1 },
      progress.update,
    ),
  );
  progress.end();
  return dataset;
}

async function readPrices(file: string): Promise<PriceList> {
  const text = new TextDecoder().decode(await readBytes(file));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unwrap(fail("bad_prices", `${file} is not valid JSON`));
  }
  return unwrap(parsePriceList(json));
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    return unwrap(fail("unreadable_file", `${file}: cannot be read (${(error as Error).message})`, file));
  }
}

function findRouter(name: string): Router {
  const router = routers.find((known) => known.name === name);
  if (router !== undefined) return router;
  const names = routers.map((known) => known.name).join(", ");
  return unwrap(fail("unknown_router", `there is no router "${name}"; there are ${names}`));
}

/** `data/llmrouter/outcomes.jsonl.gz` is of the suite llmrouter, `mmlu.jsonl` of mmlu. */
function suiteOf(file: string): string {
  const name = basename(file).replace(/\.(jsonl|gz|safetensors)/g, "");
  return name === "outcomes" ? basename(dirname(file)) : name;
}

function list(value: string): readonly string[] {
  return value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function oneOf(...names: readonly string[]) {
  return (value: string): string => {
    if (names.includes(value)) return value;
    throw new InvalidArgumentError(`It must be one of ${names.join(", ")}.`);
  };
}

function share(value: string): number {
  const number = Number(value);
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

function wholeNumber(least: number) {
  return (value: string): number => {
    const number = Number(value);
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}
