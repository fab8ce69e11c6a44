import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseCatalogue } from "../contract/catalogue.ts";
import { type Experiment, experimentNames } from "../evaluation/experiments/names.ts";
import type { Suite } from "../evaluation/loso/suite.ts";
import type { PriceList } from "../evaluation/prices.ts";
import type { EvaluationReport } from "../evaluation/report/report.ts";
import { fewRouterNames, type RouterName, routerNames } from "../evaluation/routers/names.ts";
import { writeWhole } from "../outcomes/write-whole.ts";
import { bundledRouterDirectory, openEncoder } from "./encoder.ts";
import { CommandFailure, unwrap } from "./failure.ts";
import { readModelNames } from "./model-names.ts";
import { print, tell } from "./output.ts";
import { parseNames } from "./parse-names.ts";
import { parseShare, parseWholeNumber } from "./parse-number.ts";
import { startProgress } from "./progress.ts";
import { cataloguePath } from "./router-folder.ts";

interface Options {
  readonly protocol: "cv" | "loto" | "loso" | "split";
  readonly test?: readonly string[];
  readonly json?: string | true;
  readonly html?: string;
  readonly markdown?: string;
  readonly routers: readonly RouterName[];
  readonly experiments: readonly Experiment[];
  readonly models?: readonly string[];
  readonly minCoverage: number;
  readonly maxIncomplete: number;
  readonly folds: number;
  readonly seed: number;
  readonly together?: readonly (readonly string[])[];
  readonly prices?: string;
  readonly catalogue?: string;
  readonly names?: string;
  readonly cache: string;
  readonly suite?: string;
  readonly mostPrompts?: number;
}

// Each thread holds its own copy of the dataset and what it fits, some 500 MB on the larger suites.
const MOST_THREADS = 8;

/** `evaluate <outcomes...>`: an honest comparison of routers on outcomes that they have not seen. */
export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("compare routers and baselines on outcomes that they have not seen")
    .argument("<outcomes...>", "outcome files (.jsonl, .jsonl.gz) or benchmark files (.safetensors)")
    .addOption(
      new Option(
        "--protocol <name>",
        "cv: folds over prompts; loto: one task left out; loso: one suite (file) left out; split: a test file",
      )
        .choices(["cv", "loto", "loso", "split"])
        .default("cv"),
    )
    .option("--test <files...>", "outcome files to judge on, for --protocol split")
    .option("--json [file]", "figures as JSON to a file, or on stdout in place of the table")
    .option("--html <file>", "report with charts; with --experiments all, of all that can be measured")
    .option("--markdown <file>", "figures as Markdown tables")
    .addOption(
      new Option("--routers <names>", `all, or any of ${routerNames.join(", ")}`)
        .argParser((value) => (value === "all" ? routerNames : namesOf(routerNames)(value)))
        .default(fewRouterNames, "one's own and three baselines, which takes seconds"),
    )
    .option(
      "--experiments <names>",
      `all, none (the default), or any of ${experimentNames.join(", ")}; loto is leave-one-task-out beside cv`,
      experimentsOf,
      [],
    )
    .option("--models <names>", "only these models (comma between them); loso judges them apart", parseNames)
    .option(
      "--min-coverage <share>",
      "leave out models with results on fewer of the prompts",
      parseShare,
      0.9,
    )
    .option(
      "--max-incomplete <share>",
      "leave out prompts that lack some model's result, unless more than this share do",
      parseShare,
      0.05,
    )
    .option("--folds <n>", "folds of cv", parseWholeNumber(2), 5)
    .option("--seed <n>", "equal seeds give equal figures", parseWholeNumber(0), 0)
    .option(
      "--together <patterns>",
      "tasks that loto holds out together, such as mmlu,mmlu-pro/*; may be given several times",
      (value: string, before: readonly (readonly string[])[] = []) => [...before, parseNames(value)],
    )
    .option(
      "--prices <file>",
      "catalogue or price list for costs and their curves (default: the one of the default router, where it has all models)",
    )
    .option(
      "--catalogue <file>",
      "names of the models, by which loso joins suites that call them differently",
    )
    .option(
      "--names <file>",
      "other names of models that the catalogue doesn't have, JSON: name -> list of names",
    )
    .option(
      "--most-prompts <n>",
      "for loso: of larger suites a sample of this many prompts, drawn by the seed",
      parseWholeNumber(1),
    )
    .option("--cache <dir>", "where embeddings are kept between runs", ".signalbox/embeddings")
    .option("--suite <name>", "name of the data in the report, by default that of the first file or folder")
    .addHelpText(
      "after",
      `
The first sentences say what the figures come to. Figures are of cross-validation: each prompt is decided by a router that
has not seen it. (The card of \`train\` shows leave-one-out figures of the one router that was fitted on everything.)

Examples:
  signalbox evaluate results.jsonl
  signalbox evaluate results.jsonl --prices my-router/catalogue.json --html report.html
  signalbox evaluate results.jsonl --routers all --experiments all`,
    )
    .action(evaluate);
}

async function evaluate(files: readonly string[], options: Options): Promise<void> {
  if (typeof options.json === "string" && /\.(jsonl|gz|safetensors)$/.test(options.json)) {
    const message = `--json would overwrite ${options.json}; give --json after the outcome files`;
    throw new CommandFailure({ code: "overwrite", message });
  }
  if (options.protocol === "loso") return evaluateSuites(files, options);
  // Now, so that nobody waits for an evaluation whose report can't be drawn.
  const html = options.html === undefined ? undefined : await loadHtmlReport();
  const report = await measure(files, options, options.protocol);
  warn(report);
  const { formatJson } = await import("../evaluation/report/json.ts");
  if (typeof options.json === "string") await writeWhole(options.json, formatJson(report));
  if (options.html !== undefined && html !== undefined)
    await writeWhole(options.html, html.formatHtml(report));
  if (options.markdown !== undefined) {
    const { formatMarkdown } = await import("../evaluation/report/markdown.ts");
    await writeWhole(options.markdown, formatMarkdown(report));
  }
  const { formatTable } = await import("../evaluation/report/table.ts");
  print((options.json === true ? formatJson(report) : formatTable(report)).trimEnd());
}

/** What draws the charts is no dependency of the package, since nothing else needs it. */
async function loadHtmlReport() {
  try {
    return await import("../evaluation/report/html.ts");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    const message = "--html needs two more packages: `npm install @observablehq/plot linkedom`";
    throw new CommandFailure({ code: "charts_not_installed", message });
  }
}

/** Protocol loso: a report of its own, about the served router alone. */
async function evaluateSuites(files: readonly string[], options: Options): Promise<void> {
  const [{ leaveSuitesOut }, { samplePrompts, toSuite }, format, { formatJson }, { looseTies }] =
    await Promise.all([
      import("../evaluation/loso/leave-suites-out.ts"),
      import("../evaluation/loso/suite.ts"),
      import("../evaluation/loso/format.ts"),
      import("../evaluation/report/json.ts"),
      import("../training/suite-ties.ts"),
    ]);
  const catalogue =
    options.catalogue === undefined ? undefined : unwrap(parseCatalogue(await readFile(options.catalogue)));
  const names = await readModelNames(catalogue, options.names);
  const suites: Suite[] = [];
  for (const file of files) {
    const { dataset } = await load([file.replace(/^[\w.-]+=/u, "")], options.cache);
    suites.push(toSuite(suiteOf(file), samplePrompts(dataset, options.mostPrompts, options.seed), names));
  }
  const progress = startProgress("fitting");
  const among = options.models?.map((model) => names.get(model) ?? model) ?? [];
  const report = unwrap(await leaveSuitesOut(suites, { seed: options.seed, among }, progress.update));
  progress.end();
  const loose = looseTies(report.shared_models);
  if (loose.length > 0) tell(`tied by fewer than two models: ${loose.join(", ")}`);
  if (typeof options.json === "string") await writeWhole(options.json, formatJson(report));
  if (options.html !== undefined) await writeWhole(options.html, format.formatLosoHtml(report));
  if (options.markdown !== undefined) await writeWhole(options.markdown, format.formatLosoMarkdown(report));
  print((options.json === true ? formatJson(report) : format.formatLosoTable(report)).trimEnd());
}

async function measure(
  files: readonly string[],
  options: Options,
  protocol: EvaluationReport["protocol"],
): Promise<EvaluationReport> {
  const { minCoverage, maxIncomplete, folds, seed, together = [], models } = options;
  const [{ evaluateRouters }, { routers }] = await Promise.all([
    import("../evaluation/evaluate.ts"),
    import("../evaluation/routers/registry.ts"),
  ]);
  const prices = options.prices === undefined ? undefined : await readPrices(options.prices);
  const outcomes = await load(files, options.cache);
  const test = options.test === undefined ? undefined : await load(options.test, options.cache);
  const progress = startProgress("fitting");
  const report = await evaluateRouters(
    outcomes.dataset,
    {
      protocol,
      minCoverage,
      maxIncomplete,
      folds,
      seed,
      together,
      routers: options.routers.map((name) => routers[name]),
      lotoRouters: fewRouterNames
        .filter((name) => options.routers.includes(name))
        .map((name) => routers[name]),
      experiments: options.experiments,
      suite: options.suite ?? suiteOf(files[0] as string),
      threads: Math.min(availableParallelism(), MOST_THREADS),
      ...(models === undefined ? {} : { models }),
      ...(test === undefined ? {} : { test: test.dataset }),
      ...(prices === undefined
        ? { knownPrices: await readPrices(cataloguePath(bundledRouterDirectory)) }
        : { prices }),
      ...(outcomes.texts === undefined ? {} : { texts: outcomes.texts }),
    },
    progress.update,
  );
  progress.end();
  return unwrap(report);
}

async function load(files: readonly string[], cacheDirectory: string) {
  const { loadOutcomes } = await import("../evaluation/load-outcomes.ts");
  const progress = startProgress("embedding");
  const loaded = await loadOutcomes(files, {
    cacheDirectory,
    openEncoder: () => openEncoder(undefined, "learning"),
    onProgress: progress.update,
  });
  progress.end();
  return unwrap(loaded);
}

async function readPrices(file: string): Promise<PriceList> {
  const { readPriceList } = await import("../evaluation/price-list.ts");
  return unwrap(await readPriceList(file));
}

function warn(report: EvaluationReport): void {
  if (report.sparse_models.length > 0) {
    tell(`models left out, with results on too few prompts: ${report.sparse_models.join(", ")}`);
  }
  if (report.incomplete_prompts > 0) {
    tell(`${report.incomplete_prompts} prompts left out: some model has no result`);
  }
  if (report.dropped_duplicates > 0) {
    tell(`${report.dropped_duplicates} training prompts left out: a test prompt has the same text`);
  }
}

/** `data/llmrouter/outcomes.jsonl.gz` is of the suite llmrouter, `mmlu.jsonl` of mmlu, `gsm=results.jsonl` of gsm. */
function suiteOf(file: string): string {
  const [, prefix] = /^([\w.-]+)=/u.exec(file) ?? [];
  if (prefix !== undefined) return prefix;
  const name = basename(file).replace(/\.(jsonl|gz|safetensors)/g, "");
  return name === "outcomes" ? basename(dirname(resolve(file))) : name;
}

function namesOf<Name extends string>(known: readonly Name[]) {
  return (value: string): readonly Name[] =>
    parseNames(value).map((name) => {
      const found = known.find((other) => other === name);
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`"${name}" is none of ${known.join(", ")}.`);
    });
}

function experimentsOf(value: string): readonly Experiment[] {
  return value === "all" ? experimentNames : value === "none" ? [] : namesOf(experimentNames)(value);
}
