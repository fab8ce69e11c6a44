import { parseCatalogue } from "../../contract/catalogue.ts";
import type { ErrorCode } from "../../contract/error.ts";
import type { Pointer } from "../../contract/pointer.ts";
import { loadPredictor } from "../../core/bundle.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import type { Predictor } from "../../core/predictor.ts";
import { type Failure, fail, ok, type Result } from "../../core/result.ts";
import type { Encoder } from "../../encoder/encoder.ts";
import { mismatches } from "../../router/mismatches.ts";
import type { Serving } from "../../router/serving.ts";
import type { KeyValueReader } from "../platform.ts";
import { readByChecksum, readTaskProfile } from "./store.ts";

/** The parts that were loaded last, by checksum, so that a swap loads only what changed. */
export interface LoadedParts {
  readonly encoder: Map<string, Encoder>;
  readonly bundle: Map<string, Predictor>;
  readonly bundleBytes: Map<string, number>;
  readonly catalogue: Map<string, Catalogue>;
}

export function noParts(): LoadedParts {
  return { encoder: new Map(), bundle: new Map(), bundleBytes: new Map(), catalogue: new Map() };
}

export type OpenEncoder = (kv: KeyValueReader, sha256: string) => Promise<Result<Encoder, ErrorCode>>;

/**
 * Loads what the pointer names, and then canary and shadow. Where one of these two is wrong, the live state serves
 * without it.
 */
export async function loadServing(
  kv: KeyValueReader,
  pointer: Pointer,
  parts: LoadedParts,
  openEncoder: OpenEncoder,
): Promise<{ readonly serving?: Serving; readonly faults: readonly Failure<ErrorCode>[] }> {
  const { serving: live, faults } = await loadState(kv, pointer, "live", parts, openEncoder);
  if (live === undefined) return { faults };
  const { canary, shadow } = pointer;
  const load = (
    role: Serving["role"],
    { bundle, catalogue = pointer.catalogue }: NonNullable<Pointer["shadow"]>,
  ) => loadState(kv, { ...pointer, bundle, catalogue }, role, parts, openEncoder);
  // One after the other: where they don't fit in, no more than one of them is in memory beside what serves.
  const loadedCanary = canary && fitting(await load("canary", canary), [live], parts);
  const loadedShadow = shadow && fitting(await load("shadow", shadow), [live, loadedCanary?.serving], parts);
  const serving: Serving = {
    ...live,
    ...(canary && loadedCanary?.serving
      ? { canary: { percent: canary.percent, serving: loadedCanary.serving } }
      : {}),
    ...(loadedShadow?.serving ? { shadow: loadedShadow.serving } : {}),
  };
  forgetOthers(parts, [serving, serving.canary?.serving, serving.shadow]);
  return {
    serving,
    faults: [...named("canary", loadedCanary?.faults), ...named("shadow", loadedShadow?.faults)],
  };
}

// An isolate has 128 MB. Besides its bundles, onnx takes 45, the largest request 33, and a swap 26 for a moment: `npm run
// bench -- --only memory`. What is live always fits in, since a KV value has at most 25 MiB.
const MAX_BUNDLES_BYTES = 32 * 1024 ** 2;

type Loaded = { readonly serving?: Serving; readonly faults: readonly Failure<ErrorCode>[] };

/** What was loaded, unless its bundle is too much beside those of the others. */
function fitting(
  loaded: Loaded,
  others: readonly (Serving | undefined)[],
  { bundleBytes }: LoadedParts,
): Loaded {
  const bundles = new Set([loaded.serving, ...others].map((state) => state?.pointer.bundle ?? ""));
  const bytes = [...bundles].reduce((sum, sha256) => sum + (bundleBytes.get(sha256) ?? 0), 0);
  if (loaded.serving === undefined || bytes <= MAX_BUNDLES_BYTES) return loaded;
  const size = (bytes / 1024 ** 2).toFixed(1);
  const limit = MAX_BUNDLES_BYTES / 1024 ** 2;
  const message = `the bundles together have ${size} MiB, more than the ${limit} that an isolate holds beside its encoder`;
  return { faults: [{ code: "bundles_too_large", message }] };
}

function named(what: string, faults: readonly Failure<ErrorCode>[] = []): readonly Failure<ErrorCode>[] {
  return faults.map((fault) => ({ ...fault, message: `${what}: ${fault.message}` }));
}

/** Lets go of parts that no state uses any more. */
function forgetOthers(parts: LoadedParts, states: readonly (Serving | undefined)[]): void {
  for (const name of ["encoder", "bundle", "catalogue"] as const) {
    const used = new Set(states.map((state) => state?.pointer[name]));
    for (const sha256 of parts[name].keys()) if (!used.has(sha256)) parts[name].delete(sha256);
  }
  for (const sha256 of parts.bundleBytes.keys())
    if (!parts.bundle.has(sha256)) parts.bundleBytes.delete(sha256);
}

/** Loads one state, its parts in parallel; tells every part that is wrong, not only the first. */
async function loadState(
  kv: KeyValueReader,
  pointer: Pointer,
  role: Serving["role"],
  parts: LoadedParts,
  openEncoder: OpenEncoder,
): Promise<{ readonly serving?: Serving; readonly faults: readonly Failure<ErrorCode>[] }> {
  const [encoder, bundle, catalogue] = await Promise.all([
    part(parts.encoder, pointer.encoder, () => openEncoder(kv, pointer.encoder)),
    part(parts.bundle, pointer.bundle, () => loadBundle(kv, pointer.bundle, parts)),
    part(parts.catalogue, pointer.catalogue, () => loadCatalogue(kv, pointer.catalogue)),
  ]);
  const faults = [encoder, bundle, catalogue].flatMap((result) => (result.ok ? [] : [result.failure]));
  if (bundle.ok) {
    faults.push(...mismatches(bundle.value, pointer.encoder, catalogue.ok ? catalogue.value : undefined));
  }
  if (faults.length > 0 || !encoder.ok || !bundle.ok || !catalogue.ok) return { faults };
  return {
    serving: {
      pointer,
      role,
      encoder: encoder.value,
      predictor: bundle.value,
      catalogue: catalogue.value,
      taskProfile: (name) => readTaskProfile(kv, name),
    },
    faults,
  };
}

async function part<T>(
  loaded: Map<string, T>,
  sha256: string,
  load: () => Promise<Result<T, ErrorCode>>,
): Promise<Result<T, ErrorCode>> {
  const known = loaded.get(sha256);
  if (known !== undefined) return ok(known);
  const result = await load();
  if (result.ok) loaded.set(sha256, result.value);
  return result;
}

async function loadBundle(
  kv: KeyValueReader,
  sha256: string,
  { bundleBytes }: LoadedParts,
): Promise<Result<Predictor, ErrorCode>> {
  const bytes = await readByChecksum(kv, "bundle", sha256);
  if (!bytes.ok) return bytes;
  const predictor = loadPredictor(bytes.value);
  bundleBytes.set(sha256, bytes.value.byteLength);
  if (predictor.ok) return predictor;
  const { code, message, param } = predictor.failure;
  return fail("bundle_invalid", `${message} (${code})`, param);
}

async function loadCatalogue(kv: KeyValueReader, sha256: string): Promise<Result<Catalogue, ErrorCode>> {
  const bytes = await readByChecksum(kv, "catalogue", sha256);
  return bytes.ok ? parseCatalogue(bytes.value) : bytes;
}
