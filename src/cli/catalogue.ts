import { type Command, Option } from "commander";
import { describeChange } from "../catalogue/model-changes.ts";
import { priceListKinds } from "../catalogue/price-list.ts";
import { dayOf } from "../core/service-life.ts";
import { writeWhole } from "../outcomes/write-whole.ts";
import {
  type CatalogueOptions,
  type ListOptions,
  readCatalogueFile,
  readList,
  withCatalogue,
  withPriceList,
} from "./catalogue/files.ts";
import { WrongUsage } from "./failure.ts";
import { print } from "./output.ts";
import { paint } from "./terminal.ts";

/** `catalogue refresh` and `catalogue check`: prices, limits and dates that are still true. */
export function registerCatalogue(program: Command): void {
  const catalogue = program
    .command("catalogue")
    .description("bring prices, limits and dates of a catalogue up to date, or check them");
  withPriceList(
    catalogue.command("refresh").description("take over what a price list says, and tell it in words"),
  )
    .argument("<list>", "the price list: a file, plain or .gz, or an https address")
    .option("--dry-run", "tell what would change, and write nothing")
    .addHelpText(
      "after",
      `
Only models that the list has are touched, and of them only what it says otherwise. A list tells about its
own providers: openrouter about models that are reached through OpenRouter. What the catalogue knows from a
later day stays.

Examples:
  signalbox catalogue refresh --from litellm model_prices_and_context_window.json --dry-run
  signalbox catalogue refresh --from models.dev https://models.dev/api.json --catalogue my-router/catalogue.json`,
    )
    .action(refresh);
  withCatalogue(
    catalogue.command("check").description("find models that are gone or leave, and facts without a source"),
  )
    .argument("[list]", "a price list to compare with, as `refresh` takes it")
    .addOption(new Option("--from <list>", "whose form the price list has").choices(priceListKinds))
    .option("--as-of <day>", "day of the price list; today, where the list names none")
    .addHelpText(
      "after",
      `
Ends with 1 where a model has left its provider, a price has no source and day, or the list says otherwise.

Examples:
  signalbox catalogue check
  signalbox catalogue check --from litellm model_prices_and_context_window.json --as-of 2026-10-31`,
    )
    .action(check);
}

async function refresh(place: string, options: ListOptions & { readonly dryRun?: boolean }): Promise<void> {
  const { refreshCatalogue } = await import("../catalogue/refresh.ts");
  const { text, document } = await readCatalogueFile(options.catalogue);
  const { list, source } = await readList(place, options);
  const {
    text: refreshed,
    changes,
    outdated,
    found,
    missing,
  } = refreshCatalogue(text, document, list, source);
  if (!options.dryRun && refreshed !== text) await writeWhole(options.catalogue, refreshed);
  if (options.json) {
    print(JSON.stringify({ source, changes, outdated, found, missing }, null, 2));
    return;
  }
  for (const change of changes) print(describeChange(change));
  for (const change of outdated) {
    print(paint("dim", `left as it is, known from a later day: ${describeChange(change)}`));
  }
  const counts = `${found.length} of ${found.length + missing.length} models are in ${source.from} of ${source.as_of}`;
  const written = options.dryRun ? "nothing written" : `written to ${options.catalogue}`;
  print(`${counts}; ${changes.length === 1 ? "1 change" : `${changes.length} changes`}, ${written}.`);
}

interface CheckOptions extends CatalogueOptions {
  readonly from?: ListOptions["from"];
  readonly asOf?: string;
}

async function check(place: string | undefined, options: CheckOptions): Promise<void> {
  const { checkCatalogue } = await import("../catalogue/check.ts");
  const { text, document, catalogue } = await readCatalogueFile(options.catalogue);
  const findings = [...checkCatalogue(document, catalogue, dayOf(Date.now()))];
  if (place !== undefined) {
    const { from } = options;
    if (from === undefined)
      throw new WrongUsage(`name the list's form: --from ${priceListKinds.join(" | ")}`);
    const { refreshCatalogue } = await import("../catalogue/refresh.ts");
    const { list, source } = await readList(place, { ...options, from });
    const { changes } = refreshCatalogue(text, document, list, source);
    findings.push(
      ...changes.map((change) => ({
        level: "error" as const,
        model: change.model,
        message: `${describeChange(change)}, says ${source.from}`,
      })),
    );
  }
  const errors = findings.filter(({ level }) => level === "error").length;
  if (options.json) print(JSON.stringify({ ok: errors === 0, findings }, null, 2));
  else {
    for (const { level, message } of findings)
      print(`${paint(level === "error" ? "red" : "yellow", level)}  ${message}`);
    const models = Object.keys(document.models).length;
    print(`${models} models, ${errors} errors, ${findings.length - errors} warnings.`);
  }
  if (errors > 0) process.exitCode = 1;
}
