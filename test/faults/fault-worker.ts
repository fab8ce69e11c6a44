import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import type { BuiltWorker } from "../bench/build-worker.ts";
import { modulesOf, platform, startWorkerd, type Workerd } from "../bench/live-worker.ts";
import { readContents } from "../bench/subjects.ts";
import { wrapWorker } from "../bench/wrap-worker.ts";
import { builtWorker, prepared } from "../prepared.ts";
import { migrate } from "./migrate.ts";
import { catalogueAt } from "./provider-catalogue.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the storage does with one call. */
export type Action =
  /** `lost`: done, but the answer doesn't come back. */
  | { readonly kind: "pass" | "fail" | "missing" | "half" | "hang" | "lost" }
  /** The value of another key. */
  | { readonly kind: "other"; readonly key: string }
  | { readonly kind: "text"; readonly text: string };

export type Call =
  | { readonly storage: "kv"; readonly key: string; readonly cacheTtl: number }
  | { readonly storage: "d1"; readonly sql: string };

export interface FaultWorker {
  readonly origin: string;
  /** What the Worker logged, one JSON document a line. */
  readonly logs: Record<string, unknown>[];
  readonly workerd: Workerd;
  /** Of the local KV and D1. */
  readonly folder: string;
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** From now on each call to KV or D1 is put to this function. */
  inject(onCall: (call: Call) => Action | Promise<Action>): void;
  /** Writes to KV itself, past the faults. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Makes a bundle of other bytes live, its content stored or not; its checksum. */
  pointTo(bundle: Uint8Array, stored: boolean): Promise<string>;
  /** Moves the Worker's clock. */
  jump(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export interface FaultWorkerOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Address of the provider that all models are reached at. */
  readonly providerUrl?: string;
  /** What is published in place of the catalogue with everything at that provider. */
  // biome-ignore lint/suspicious/noExplicitAny: a catalogue before anyone has checked it
  readonly catalogue?: (document: any) => unknown;
  /** Folder of the state, which then stays; a temporary one by default. */
  readonly state?: string;
  /** The state is there already. */
  readonly resumed?: boolean;
  /** false leaves the tables out. */
  readonly tables?: boolean;
  readonly analytics?: boolean;
  /** The real KV and D1 in place of those that faults can be injected into. */
  readonly plainStorage?: boolean;
}

interface KeyValueWriter {
  put(key: string, value: ArrayBuffer): Promise<void>;
}

let built: Promise<BuiltWorker> | undefined;
let lexical: Promise<ReadonlyMap<string, Uint8Array>> | undefined;

/** The Worker as it would be deployed, with the lexical backend unless told otherwise, in a workerd of its own. */
export async function startFaultWorker({
  variables = {},
  providerUrl = "http://127.0.0.1:9/v1",
  catalogue = (document) => document,
  state,
  resumed = false,
  tables = true,
  analytics = true,
  plainStorage = false,
}: FaultWorkerOptions = {}): Promise<FaultWorker> {
  built ??= builtWorker("src/worker/light.ts").then(withClock);
  const folder = state ?? (await mkdtemp(join(tmpdir(), "signalbox-faults-")));
  lexical ??= readContents(root, "lexical");
  const contents = await withProvider(await lexical, providerUrl, catalogue);
  if (!resumed) await cp(await preparedStorage(await lexical, tables), folder, { recursive: true });
  const logs: Record<string, unknown>[] = [];
  let onCall: (call: Call) => Action | Promise<Action> = () => ({ kind: "pass" });
  const control = async (request: { json(): Promise<unknown> }) => {
    const action = await onCall((await request.json()) as Call);
    return action.kind === "hang" ? new Promise<never>(() => undefined) : Response.json(action);
  };
  const faulty = (entrypoint: string) => ({ name: "storage", entrypoint });
  const workerd = await startWorkerd({
    resourcePersistencePath: folder,
    handleStructuredLogs: ({ message }) => {
      try {
        logs.push(JSON.parse(message));
      } catch {
        logs.push({ message });
      }
    },
    workers: [
      {
        name: "signalbox",
        ...modulesOf(await built),
        ...platform,
        bindings: {
          AUTH: "open",
          ENCODER_BACKEND: "lexical",
          POINTER_REFRESH_MS: "0",
          DECISION_SECRET: "fault-tests-need-a-secret-this-long",
          PROVIDER_KEY: "provider-key",
          OTHER_PROVIDER_KEY: "other-provider-key",
          ...variables,
        },
        ...(plainStorage
          ? { kvNamespaces: { SIGNALBOX: "signalbox" }, d1Databases: { DB: "signalbox" } }
          : { serviceBindings: { SIGNALBOX: faulty("KeyValue"), DB: faulty("Database") } }),
        ...(analytics ? { analyticsEngineDatasets: { ANALYTICS: { dataset: "decisions" } } } : {}),
      },
      {
        name: "storage",
        modules: true,
        scriptPath: fileURLToPath(new URL("faulty-storage.js", import.meta.url)),
        ...platform,
        ...storage,
        serviceBindings: { CONTROL: control },
      },
    ],
  });
  const kv = (await workerd.miniflare.getKVNamespace("KV", "storage")) as unknown as KeyValueWriter;
  let stopped = false;
  const put = (key: string, value: Uint8Array) => kv.put(key, value.slice().buffer);
  if (!resumed) {
    // The others are there.
    for (const [key, bytes] of contents)
      if (!(await lexical).has(key) || key === kvKeys.active) await put(key, bytes);
  }
  return {
    origin: workerd.origin,
    logs,
    workerd,
    folder,
    contents,
    inject(next) {
      onCall = next;
    },
    put,
    async pointTo(bundle, stored) {
      const sha256 = await checksumOf(bundle);
      if (stored) await put(kvKeys.bundle(sha256), bundle);
      const pointer = JSON.parse(new TextDecoder().decode(contents.get(kvKeys.active)));
      await put(kvKeys.active, new TextEncoder().encode(JSON.stringify({ ...pointer, bundle: sha256 })));
      return sha256;
    },
    async jump(ms) {
      await (await fetch(`${workerd.origin}/clock`, { method: "POST", body: String(ms) })).text();
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      await workerd.stop();
      if (state === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

const storage = { kvNamespaces: { KV: "signalbox" }, d1Databases: { DB: "signalbox" } };

/** KV with what is published by default, and D1 with its tables, as files. */
function preparedStorage(contents: ReadonlyMap<string, Uint8Array>, tables: boolean): Promise<string> {
  return prepared(tables ? "lexical-with-tables" : "lexical", async (folder) => {
    const script = "export default {}";
    const workerd = await startWorkerd({
      resourcePersistencePath: folder,
      workers: [{ name: "storage", modules: true, script, ...platform, ...storage }],
    });
    const kv = (await workerd.miniflare.getKVNamespace("KV", "storage")) as unknown as KeyValueWriter;
    for (const [key, bytes] of contents) await kv.put(key, bytes.slice().buffer);
    if (tables) await migrate(workerd, "storage");
    await workerd.stop();
  });
}

/** A clock that the test can move, in place of the isolate's. */
function withClock(worker: BuiltWorker): Promise<BuiltWorker> {
  return wrapWorker(worker, {
    name: "clock",
    prelude: `let offset = 0;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...values) {
    if (values.length > 0) super(...values);
    else super(Real.now() + offset);
  }
  static now() {
    return Real.now() + offset;
  }
};
globalThis.moveClock = (ms) => {
  offset += ms;
};
`,
    path: "/clock",
    answer: `async (request) => {
  globalThis.moveClock(Number(await request.text()));
  return new Response();
}`,
  });
}

/** The contents with all models of the catalogue at one provider. */
async function withProvider(
  contents: ReadonlyMap<string, Uint8Array>,
  providerUrl: string,
  edit: (document: unknown) => unknown,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const pointer = JSON.parse(new TextDecoder().decode(contents.get(kvKeys.active)));
  const there = catalogueAt(contents.get(kvKeys.catalogue(pointer.catalogue)) as Uint8Array, providerUrl);
  const bytes = new TextEncoder().encode(JSON.stringify(edit(JSON.parse(new TextDecoder().decode(there)))));
  const sha256 = await checksumOf(bytes);
  return new Map([
    ...[...contents].filter(([key]) => !key.startsWith("catalogue/")),
    [kvKeys.catalogue(sha256), bytes],
    // The last key, as `publish` writes it.
    [kvKeys.active, new TextEncoder().encode(JSON.stringify({ ...pointer, catalogue: sha256 }))],
  ]);
}
