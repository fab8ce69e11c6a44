import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCatalogue } from "../../contract/catalogue.ts";
import { kvKeys } from "../../contract/pointer.ts";
import { loadPredictor } from "../../core/bundle.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import type { Predictor } from "../../core/predictor.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { checksumOf, type EncoderFiles, verifyEncoderFiles } from "../../encoder/files.ts";
import { bundledEncoderDirectory, deriveLexicalEncoder, LEXICAL_ENCODER } from "../encoder.ts";
import { bundlePath, cataloguePath } from "../router-folder.ts";
import { unfilledFields } from "../train-catalogue.ts";

/** Bytes to store under a key, and what they must hash to. */
export interface Content {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** A bundle and its catalogue, checked against each other and ready to be stored. */
export interface Publication {
  readonly bundle: Content;
  readonly catalogue: Content & { readonly parsed: Catalogue };
  readonly predictor: Predictor;
}

/** An encoder, checked and ready to be stored. */
export interface EncoderPublication {
  readonly id: string;
  readonly sha256: string;
  readonly contents: readonly Content[];
}

export type PublishCode =
  | "file_missing"
  | "bundle_invalid"
  | "bundle_too_large"
  | "catalogue_invalid"
  | "catalogue_unfilled"
  | "models_missing"
  | "encoder_invalid"
  | "encoder_mismatch";

/** The most that Cloudflare takes as one KV value. */
const MAX_BUNDLE_BYTES = 25 * 2 ** 20;

/** Reads bundle.safetensors and its catalogue; every model of the bundle must have its prices. */
export async function readPublication(
  folder: string,
  catalogueFile = cataloguePath(folder),
): Promise<Result<Publication, PublishCode>> {
  const bundleFile = bundlePath(folder);
  const bundleBytes = await readBytes(bundleFile);
  if (!bundleBytes.ok) return bundleBytes;
  if (bundleBytes.value.byteLength > MAX_BUNDLE_BYTES) {
    const size = (bundleBytes.value.byteLength / 2 ** 20).toFixed(1);
    return fail(
      "bundle_too_large",
      `${bundleFile} has ${size} MiB and a KV value holds 25; train on fewer prompts, or with --kind landmark-heads`,
    );
  }
  const catalogueBytes = await readBytes(catalogueFile);
  if (!catalogueBytes.ok) return catalogueBytes;
  const unfilled = whatIsUnfilled(catalogueBytes.value, catalogueFile);
  if (unfilled !== undefined) return fail("catalogue_unfilled", unfilled);
  const predictor = loadPredictor(bundleBytes.value);
  if (!predictor.ok) return fail("bundle_invalid", `${bundleFile}: ${predictor.failure.message}`);
  const catalogue = parseCatalogue(catalogueBytes.value);
  if (!catalogue.ok) return fail("catalogue_invalid", `${catalogueFile}: ${catalogue.failure.message}`);
  const missing = predictor.value.models.filter((model) => !Object.hasOwn(catalogue.value.models, model));
  if (missing.length > 0) {
    return fail("models_missing", `${catalogueFile} lacks models of the bundle: ${missing.join(", ")}`);
  }
  return ok({
    bundle: await content(bundleBytes.value, kvKeys.bundle),
    catalogue: { ...(await content(catalogueBytes.value, kvKeys.catalogue)), parsed: catalogue.value },
    predictor: predictor.value,
  });
}

/** The sentence about a catalogue that `train` began and nobody filled in; undefined for any other. */
function whatIsUnfilled(bytes: Uint8Array, path: string): string | undefined {
  let fields: ReadonlyMap<string, readonly string[]>;
  try {
    fields = unfilledFields(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
  const [first] = fields;
  if (first === undefined) return undefined;
  const others = [...fields.keys()].slice(1);
  const also = others.length === 0 ? "" : `, and the same of ${others.join(", ")}`;
  return `fill in ${path} first: ${first[1].join(", ")} of ${first[0]}${also}`;
}

/** Reads an encoder folder, or derives `lexical`, and checks every file against the manifest. */
export async function readEncoder(name: string): Promise<Result<EncoderPublication, PublishCode>> {
  const folder = name === LEXICAL_ENCODER ? bundledEncoderDirectory : name;
  const [manifestBytes, graph, weights, tokenizer] = await Promise.all([
    readBytes(join(folder, "manifest.json")),
    readBytes(join(folder, "graph.onnx")),
    readBytes(join(folder, "weights.bin")),
    readBytes(join(folder, "tokenizer.json")),
  ]);
  if (!manifestBytes.ok) return manifestBytes;
  if (!graph.ok) return graph;
  if (!weights.ok) return weights;
  if (!tokenizer.ok) return tokenizer;
  const read: EncoderFiles = {
    manifest: manifestBytes.value,
    graph: graph.value,
    weights: weights.value,
    tokenizer: tokenizer.value,
  };
  const files = name === LEXICAL_ENCODER ? await deriveLexicalEncoder(read) : read;
  const manifest = await verifyEncoderFiles(files);
  if (!manifest.ok) return fail("encoder_invalid", `${folder}: ${manifest.failure.message}`);
  const sha256 = await checksumOf(files.manifest);
  const contents = (["graph", "weights", "tokenizer"] as const).map((name) => ({
    key: kvKeys.encoder(sha256, name),
    bytes: files[name],
    sha256: manifest.value.files[name].sha256,
  }));
  // The manifest last: where it is, the others are.
  const last = { key: kvKeys.encoder(sha256, "manifest"), bytes: files.manifest, sha256 };
  return ok({ id: manifest.value.id, sha256, contents: [...contents, last] });
}

async function content(bytes: Uint8Array, key: (sha256: string) => string): Promise<Content> {
  const sha256 = await checksumOf(bytes);
  return { key: key(sha256), bytes, sha256 };
}

async function readBytes(path: string): Promise<Result<Uint8Array, "file_missing">> {
  try {
    return ok(new Uint8Array(await readFile(path)));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return fail("file_missing", missing ? `there is no ${path}` : `cannot read ${path}: ${String(error)}`);
  }
}
