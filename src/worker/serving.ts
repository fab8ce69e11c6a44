import { parseCatalogue } from "../contract/catalogue.ts";
import type { ErrorCode } from "../contract/error.ts";
import type { Pointer } from "../contract/pointer.ts";
import { loadPredictor } from "../core/bundle.ts";
import type { Catalogue } from "../core/catalogue.ts";
import type { Predictor } from "../core/predictor.ts";
import { type Failure, fail, ok, type Result } from "../core/result.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { KeyValueReader } from "./bindings.ts";
import { readByChecksum } from "./store.ts";

/** Everything that decisions are made with: parts that fit each other. */
export interface Serving {
  readonly pointer: Pointer;
  readonly encoder: Encoder;
  readonly predictor: Predictor;
  readonly catalogue: Catalogue;
}

/** The parts that were loaded last, by checksum, so that a swap loads only what changed. */
export interface LoadedParts {
  encoder?: Loaded<Encoder>;
  bundle?: Loaded<Predictor>;
  catalogue?: Loaded<Catalogue>;
}

interface Loaded<T> {
  readonly sha256: string;
  readonly value: T;
}

export type OpenEncoder = (kv: KeyValueReader, sha256: string) => Promise<Result<Encoder, ErrorCode>>;

/** Loads what the pointer names, in parallel; tells every part that is wrong, not only the first. */
export async function loadServing(
  kv: KeyValueReader,
  pointer: Pointer,
  parts: LoadedParts,
  openEncoder: OpenEncoder,
): Promise<{ readonly serving?: Serving; readonly faults: readonly Failure<ErrorCode>[] }> {
  const [encoder, bundle, catalogue] = await Promise.all([
    part(parts, "encoder", pointer.encoder, () => openEncoder(kv, pointer.encoder)),
    part(parts, "bundle", pointer.bundle, () => loadBundle(kv, pointer.bundle)),
    part(parts, "catalogue", pointer.catalogue, () => loadCatalogue(kv, pointer.catalogue)),
  ]);
  const faults = [encoder, bundle, catalogue].flatMap((result) => (result.ok ? [] : [result.failure]));
  if (bundle.ok) {
    if (bundle.value.encoder.checksum !== pointer.encoder)
      faults.push(encoderMismatch(bundle.value, pointer));
    if (catalogue.ok && !bundle.value.models.some((model) => Object.hasOwn(catalogue.value.models, model))) {
      faults.push({ code: "models_mismatch", message: "the catalogue has none of the bundle's models" });
    }
  }
  if (faults.length > 0 || !encoder.ok || !bundle.ok || !catalogue.ok) return { faults };
  return {
    serving: { pointer, encoder: encoder.value, predictor: bundle.value, catalogue: catalogue.value },
    faults,
  };
}

function encoderMismatch({ encoder }: Predictor, pointer: Pointer): Failure<ErrorCode> {
  return {
    code: "encoder_mismatch",
    message: `the bundle was trained on encoder ${encoder.id} ${encoder.checksum}, the pointer names ${pointer.encoder}`,
  };
}

async function part<K extends keyof LoadedParts, T extends NonNullable<LoadedParts[K]>["value"]>(
  parts: LoadedParts,
  name: K,
  sha256: string,
  load: () => Promise<Result<T, ErrorCode>>,
): Promise<Result<T, ErrorCode>> {
  const known = parts[name];
  if (known?.sha256 === sha256) return ok(known.value as T);
  const loaded = await load();
  if (loaded.ok) parts[name] = { sha256, value: loaded.value } as LoadedParts[K];
  return loaded;
}

async function loadBundle(kv: KeyValueReader, sha256: string): Promise<Result<Predictor, ErrorCode>> {
  const bytes = await readByChecksum(kv, "bundle", sha256);
  if (!bytes.ok) return bytes;
  const predictor = loadPredictor(bytes.value);
  if (predictor.ok) return predictor;
  const { code, message, param } = predictor.failure;
  return fail("bundle_invalid", `${message} (${code})`, param);
}

async function loadCatalogue(kv: KeyValueReader, sha256: string): Promise<Result<Catalogue, ErrorCode>> {
  const bytes = await readByChecksum(kv, "catalogue", sha256);
  return bytes.ok ? parseCatalogue(bytes.value) : bytes;
}
