import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import type { ModelDocument } from "../catalogue/model-changes.ts";
import { parseCatalogue } from "../contract/catalogue.ts";
import { loadPredictor } from "../core/bundle.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { describeEvidence, evidenceOf } from "../core/evidence.ts";
import { dayOf, isRetired } from "../core/service-life.ts";
import { writeWhole } from "../outcomes/write-whole.ts";
import { type ListOptions, readCatalogueFile, readList, withPriceList } from "./catalogue/files.ts";
import { findConfiguration, localFolder } from "./configuration.ts";
import { bundledRouterDirectory } from "./encoder.ts";
import { CommandFailure, unwrap, WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { SECRETS_FILE } from "./provider-keys.ts";
import { formatTable } from "./table.ts";
import { paint, textWidth, wrap } from "./terminal.ts";

interface ModelsOptions {
  readonly bundle: string;
  readonly json?: boolean;
}

/** `models` lists what a router can choose from; `models add` puts one more into its catalogue. */
export function registerModels(program: Command): void {
  const models = program
    .command("models")
    .description("list a router's models: price, context, evidence, key, last day")
    .option("--bundle <dir>", "folder of the router", bundledRouterDirectory)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
A key counts as present where the environment or .dev.vars beside the Wrangler configuration has it.

Examples:
  signalbox models
  signalbox models --bundle my-router --json
  signalbox models add gpt-x --provider openai --from models.dev https://models.dev/api.json`,
    )
    .action(listModels);
  withPriceList(
    models.command("add").description("put one more model into a catalogue, as a price list has it"),
  )
    .argument("<model>", "its id in the catalogue")
    .argument("<list>", "the price list: a file, plain or .gz, or an https address")
    .requiredOption("--provider <name>", "one of the catalogue's providers")
    .option("--upstream <name>", "the provider's name of it, where that is not the id")
    .action(addEntry);
}

async function listModels({ bundle, json }: ModelsOptions): Promise<void> {
  const { header, models: routed } = unwrap(
    loadPredictor(await readFile(join(bundle, "bundle.safetensors"))),
  );
  const catalogue = unwrap(parseCatalogue(await readFile(join(bundle, "catalogue.json"))));
  const today = dayOf(Date.now());
  const keys = await knownKeys();
  const rows = Object.entries(catalogue.models).map(([id, model]) => ({
    model: id,
    provider: model.provider,
    usd_per_million_tokens: { input: model.price.input, output: model.price.output },
    context_tokens: model.contextTokens,
    routed: routed.includes(id),
    evidence: evidenceOf(header, id) ?? null,
    key: keys.has(catalogue.providers[model.provider]?.keyName ?? ""),
    released: model.released ?? null,
    retires_on: model.retiresOn ?? null,
    retired: isRetired(model, today),
  }));
  if (json) {
    print(JSON.stringify(rows, null, 2));
    return;
  }
  const columns = [
    { title: "model" },
    { title: "provider", isExtra: true },
    { title: "in", isNumber: true },
    { title: "out", isNumber: true },
    { title: "context", isNumber: true },
    { title: "evidence", isExtra: true },
    { title: "key" },
    { title: "last day", isExtra: true },
  ];
  const cells = rows.map((row) => [
    row.model,
    row.provider,
    String(row.usd_per_million_tokens.input),
    String(row.usd_per_million_tokens.output),
    shortCount(row.context_tokens),
    row.routed ? (row.evidence === null ? "outcomes" : describeEvidence(row.evidence)) : "not in the bundle",
    row.key ? "yes" : "no",
    row.retired ? paint("red", `gone ${row.retires_on ?? ""}`.trim()) : (row.retires_on ?? ""),
  ]);
  for (const line of formatTable(columns, cells, "")) print(line);
  for (const line of wrap(summaryOf(catalogue, rows), textWidth())) print(line);
}

function summaryOf(
  { pricesAsOf }: Catalogue,
  rows: readonly { readonly key: boolean; readonly retired: boolean; readonly routed: boolean }[],
): string {
  const ready = rows.filter(({ key, retired, routed }) => key && routed && !retired).length;
  return `USD per million tokens, as of ${pricesAsOf}. ${ready} of ${rows.length} can be chosen with the keys at hand.`;
}

function shortCount(tokens: number): string {
  return tokens >= 1e6 ? `${Number((tokens / 1e6).toFixed(2))}M` : `${Math.round(tokens / 1000)}K`;
}

/** Names of the secrets that a local Worker would have. */
async function knownKeys(): Promise<ReadonlySet<string>> {
  const configuration = await findConfiguration(undefined, false);
  const file = join(localFolder(configuration), SECRETS_FILE);
  const local = existsSync(file) ? parseEnv(await readFile(file, "utf8")) : {};
  const set = Object.entries({ ...process.env, ...local }).flatMap(([name, value]) => (value ? [name] : []));
  return new Set(set);
}

interface AddOptions extends ListOptions {
  readonly provider: string;
  readonly upstream?: string;
}

async function addEntry(model: string, place: string, options: AddOptions): Promise<void> {
  const { findListed } = await import("../catalogue/find-listed.ts");
  const { newEntry } = await import("../catalogue/new-entry.ts");
  const { setField } = await import("../catalogue/refresh.ts");
  const { text, document } = await readCatalogueFile(options.catalogue);
  const { provider, upstream = model } = options;
  if (!Object.hasOwn(document.providers, provider)) {
    throw new WrongUsage(`--provider must be one of ${Object.keys(document.providers).join(", ")}`);
  }
  if (Object.hasOwn(document.models, model)) {
    throw new CommandFailure({
      code: "model_known",
      message: `the catalogue has ${model}; \`catalogue refresh\` updates it`,
    });
  }
  const { list, source } = await readList(place, options);
  const listed = findListed(document, list)(provider, upstream);
  if (listed === undefined) {
    throw new CommandFailure({
      code: "unknown_model",
      message: `${source.from} has no ${upstream} of the provider ${provider}; name it with --upstream`,
    });
  }
  const entry = unwrap(newEntry(provider, upstream, listed, source));
  const added = setField(text, ["models", model], entry);
  unwrap(parseCatalogue(JSON.parse(added)));
  await writeWhole(options.catalogue, added);
  if (options.json) print(JSON.stringify({ model, entry }));
  else print(`${model} is in ${options.catalogue}: ${describeEntry(entry)}`);
}

function describeEntry({
  usd_per_million_tokens: { input, output },
  context_tokens: context,
}: Omit<ModelDocument, "aliases">): string {
  return `${input} and ${output} USD per million tokens, ${context} tokens of context.`;
}
