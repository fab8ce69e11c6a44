import { parseCatalogue } from "../../contract/catalogue.ts";
import { encoderFileNames, kvKeys, type Pointer, parsePointer } from "../../contract/pointer.ts";
import { parseTaskProfile } from "../../contract/task-profile.ts";
import { loadPredictor } from "../../core/bundle.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import type { Result } from "../../core/result.ts";
import { dayOf, describeRetirement, retirements } from "../../core/service-life.ts";
import { checksumOf } from "../../encoder/files.ts";
import type { LearningRun } from "../d1/learning-history.ts";
import type { KeyValue } from "./key-value.ts";
import { type ProviderAddress, providerAddresses } from "./provider-addresses.ts";

/** What is live, and what is wrong with it. */
export interface Status {
  readonly pointer: Pointer | null;
  readonly faults: readonly string[];
  readonly models?: number;
  readonly tasks?: number;
  readonly pricesAsOf?: string;
  /** Where prompts and keys go, by the live catalogue and those on trial. */
  readonly providers?: readonly ProviderAddress[];
  /** Models that have left their providers or leave within 30 days, in words. */
  readonly leaving?: readonly string[];
  /** Attempts to learn from feedback, the last one first. */
  readonly learned?: readonly LearningRun[];
}

/** The fault of a namespace without a pointer. */
export const NOTHING_PUBLISHED = "nothing was published yet";

/** Reads everything that the pointer names and checks it as a Worker would. */
export async function readStatus(kv: KeyValue): Promise<Status> {
  const bytes = await kv.get(kvKeys.active);
  if (bytes === undefined) return { pointer: null, faults: [NOTHING_PUBLISHED] };
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
  const onTrial: Uint8Array[] = [];
  for (const trial of [pointer.value.canary, pointer.value.shadow]) {
    if (trial === undefined) continue;
    await readChecked(kv, kvKeys.bundle(trial.bundle), trial.bundle, faults);
    if (trial.catalogue === undefined) continue;
    const bytes = await readChecked(kv, kvKeys.catalogue(trial.catalogue), trial.catalogue, faults);
    if (bytes !== undefined) onTrial.push(bytes);
  }
  faults.push(...(await staleProfiles(kv, bundle)));
  const predictor = bundleBytes && loadPredictor(bundleBytes);
  if (predictor?.ok === false) faults.push(`bundle: ${predictor.failure.message}`);
  const parsed = catalogueBytes && parseCatalogue(catalogueBytes);
  if (parsed?.ok === false) faults.push(`catalogue: ${parsed.failure.message}`);
  return {
    pointer: pointer.value,
    faults,
    ...(predictor?.ok ? { models: predictor.value.models.length, tasks: predictor.value.tasks.length } : {}),
    ...(parsed?.ok
      ? {
          pricesAsOf: parsed.value.pricesAsOf,
          providers: providersOf([parsed, ...onTrial.map(parseCatalogue)]),
          leaving: retirements(parsed.value, dayOf(Date.now())).map(describeRetirement),
        }
      : {}),
  };
}

/** Profiles of tasks that the live bundle is decided without, because another bundle's errors made them. */
async function staleProfiles(kv: KeyValue, bundle: string): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const key of await kv.list(kvKeys.task(""))) {
    const profile = parseTaskProfile((await kv.get(key)) ?? new Uint8Array());
    if (!profile.ok) stale.push(`${key} can't be read: ${profile.failure.message}`);
    else if (kvKeys.task(profile.value.name) !== key) stale.push(`${key} is the profile of another task`);
    else if (profile.value.bundle !== bundle)
      stale.push(
        `${key} was made for another bundle and is not applied; make it anew with \`signalbox task\``,
      );
  }
  return stale;
}

function providersOf(catalogues: readonly Result<Catalogue>[]): readonly ProviderAddress[] {
  const addresses = catalogues.flatMap((catalogue) =>
    catalogue.ok ? providerAddresses(catalogue.value) : [],
  );
  return [...new Map(addresses.map((address) => [JSON.stringify(address), address])).values()];
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
