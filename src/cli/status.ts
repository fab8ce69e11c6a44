import { type Command, Option } from "commander";
import { parseCatalogue } from "../contract/catalogue.ts";
import { encoderFileNames, kvKeys, type Pointer, parsePointer } from "../contract/pointer.ts";
import { loadPredictor } from "../core/bundle.ts";
import { checksumOf } from "../encoder/files.ts";
import type { KeyValue } from "./kv/key-value.ts";
import { openKeyValue } from "./kv/open.ts";
import { CONFIG_HELP } from "./kv/target-options.ts";

interface StatusOptions {
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly config?: string;
  readonly state?: string;
  readonly json?: boolean;
}

interface Status {
  readonly pointer: Pointer | null;
  readonly faults: readonly string[];
  readonly models?: number;
  readonly tasks?: number;
  readonly pricesAsOf?: string;
}

/** `status`: what is live in KV, and whether all of it is there and intact. */
export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("tell what is live in KV and whether it is complete")
    .addOption(new Option("--local", "the KV of a local Worker (the default)").conflicts("remote"))
    .option("--remote", "Cloudflare, with Wrangler's login")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", "folder of the local KV (default: .wrangler/state)")
    .option("--json", "print one JSON document")
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const kv = await openKeyValue({
    location: options.remote ? "remote" : "local",
    configPath: options.config,
    statePath: options.state,
  });
  try {
    const found = await readStatus(kv);
    console.log(options.json ? JSON.stringify(found, null, 2) : describe(found));
    if (found.faults.length > 0) process.exitCode = 1;
  } finally {
    await kv.close();
  }
}

/** Reads everything that the pointer names and checks it as a Worker would. */
async function readStatus(kv: KeyValue): Promise<Status> {
  const bytes = await kv.get(kvKeys.active);
  if (bytes === undefined) return { pointer: null, faults: ["nothing was published yet"] };
  const pointer = parsePointer(bytes);
  if (!pointer.ok) return { pointer: null, faults: [`the pointer is invalid: ${pointer.failure.message}`] };
  const { bundle, catalogue, encoder } = pointer.value;
  const faults: string[] = [];
  const bundleBytes = await readChecked(kv, kvKeys.bundle(bundle), bundle, faults);
  const catalogueBytes = await readChecked(kv, kvKeys.catalogue(catalogue), catalogue, faults);
  for (const name of encoderFileNames) {
    const sha256 = name === "manifest" ? encoder : undefined;
    await readChecked(kv, kvKeys.encoder(encoder, name), sha256, faults);
  }
  for (const trial of [pointer.value.canary, pointer.value.shadow]) {
    if (trial === undefined) continue;
    await readChecked(kv, kvKeys.bundle(trial.bundle), trial.bundle, faults);
    if (trial.catalogue !== undefined)
      await readChecked(kv, kvKeys.catalogue(trial.catalogue), trial.catalogue, faults);
  }
  const predictor = bundleBytes && loadPredictor(bundleBytes);
  if (predictor?.ok === false) faults.push(`bundle: ${predictor.failure.message}`);
  const parsed = catalogueBytes && parseCatalogue(catalogueBytes);
  if (parsed?.ok === false) faults.push(`catalogue: ${parsed.failure.message}`);
  return {
    pointer: pointer.value,
    faults,
    ...(predictor?.ok ? { models: predictor.value.models.length, tasks: predictor.value.tasks.length } : {}),
    ...(parsed?.ok ? { pricesAsOf: parsed.value.pricesAsOf } : {}),
  };
}

async function readChecked(
  kv: KeyValue,
  key: string,
  sha256: string | undefined,
  faults: string[],
): Promise<Uint8Array | undefined> {
  const bytes = await kv.get(key);
  if (bytes === undefined) {
    faults.push(`${key} is missing`);
    return undefined;
  }
  if (sha256 !== undefined && (await checksumOf(bytes)) !== sha256) {
    faults.push(`${key} is damaged`);
    return undefined;
  }
  return bytes;
}

function describe({ pointer, faults, models, tasks, pricesAsOf }: Status): string {
  const lines: string[] = [];
  if (pointer !== null) {
    const counts = models === undefined ? "" : `, ${models} models, ${tasks} tasks`;
    lines.push(
      `bundle     ${pointer.bundle}${counts}`,
      `catalogue  ${pointer.catalogue}${pricesAsOf === undefined ? "" : `, prices as of ${pricesAsOf}`}`,
      `encoder    ${pointer.encoder}`,
      `published  ${pointer.published_at}${pointer.source === undefined ? "" : ` from ${pointer.source}`}`,
      ...(pointer.canary === undefined
        ? []
        : [`canary     ${pointer.canary.bundle}, ${pointer.canary.percent} % of conversations`]),
      ...(pointer.shadow === undefined ? [] : [`shadow     ${pointer.shadow.bundle}`]),
      ...pointer.previous.map(({ bundle, published_at }) => `before     ${bundle}, ${published_at}`),
    );
  }
  return [...lines, ...faults.map((fault) => `fault      ${fault}`)].join("\n");
}
