import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf, type EncoderFiles } from "../../src/encoder/files.ts";
import { lexicalEncoderFiles } from "../../src/encoder/lexical-files.ts";
import { type BuiltWorker, buildWorker } from "./build-worker.ts";
import { type LiveWorker, startLiveWorker, type Workerd } from "./live-worker.ts";

export type BackendName = "onnx" | "simd" | "lexical";

/** One thing that is measured: a backend, of one checkout. */
export interface Subject {
  readonly name: string;
  readonly backend: BackendName;
  /** Of the checkout. */
  readonly root: string;
  readonly worker: BuiltWorker;
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** Folder of the KV, filled with the contents. */
  readonly state: string;
}

/** Builds the Worker that one would deploy for the backend, and fills a KV for it from the checkout's models. */
export async function createSubject(name: string, backend: BackendName, root: string): Promise<Subject> {
  const worker = await buildWorker(root, backend === "onnx" ? "src/worker/index.ts" : "src/worker/light.ts");
  const contents = await readContents(root, backend);
  const state = await mkdtemp(join(tmpdir(), "signalbox-bench-kv-"));
  const filler = await startLiveWorker({ state, variables: {} });
  for (const [key, bytes] of contents) await filler.put(key, bytes);
  await filler.stop();
  return { name, backend, root, worker, contents, state };
}

/** The Worker that times the parts of a decision, of each subject's own checkout: formats change between revisions. */
export async function buildParts(subjects: readonly Subject[]): Promise<ReadonlyMap<Subject, BuiltWorker>> {
  const roots = [...new Set(subjects.map(({ root }) => root))];
  const built = new Map<string, BuiltWorker>();
  for (const root of roots) built.set(root, await buildWorker(root, "test/bench/parts-worker.ts"));
  return new Map(subjects.map((subject) => [subject, built.get(subject.root) as BuiltWorker]));
}

/** The subject's Worker, or another one in its place, on its KV. */
export function startSubject(
  { backend, worker, state }: Subject,
  variables: Readonly<Record<string, string>> = {},
  other: BuiltWorker = worker,
): Promise<LiveWorker & Workerd> {
  return startLiveWorker({
    worker: other,
    state,
    variables: { AUTH: "open", ENCODER_BACKEND: backend, ...variables },
  });
}

export async function readContents(
  root: string,
  backend: BackendName,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = async (name: string) => new Uint8Array(await readFile(join(root, "models", name)));
  const full: EncoderFiles = {
    manifest: await read("encoder/manifest.json"),
    graph: await read("encoder/graph.onnx"),
    weights: await read("encoder/weights.bin"),
    tokenizer: await read("encoder/tokenizer.json"),
  };
  const files = backend === "lexical" ? await lexicalEncoderFiles(full) : full;
  const bundle = await read(
    backend === "lexical" ? "lexical/bundle.safetensors" : "default/bundle.safetensors",
  );
  const catalogue = await read("default/catalogue.json");
  const pointer = {
    format_version: 1,
    bundle: await checksumOf(bundle),
    catalogue: await checksumOf(catalogue),
    encoder: await checksumOf(files.manifest),
    published_at: "2025-11-02T10:00:00.000Z",
  };
  return new Map([
    ...(["manifest", "graph", "weights", "tokenizer"] as const).map(
      (file) => [kvKeys.encoder(pointer.encoder, file), files[file]] as const,
    ),
    [kvKeys.bundle(pointer.bundle), bundle],
    [kvKeys.catalogue(pointer.catalogue), catalogue],
    [kvKeys.active, new TextEncoder().encode(JSON.stringify(pointer))],
  ]);
}
