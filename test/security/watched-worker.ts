import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import type { BuiltWorker } from "../bench/build-worker.ts";
import { platform, startWorkerd } from "../bench/live-worker.ts";
import { migrate } from "../faults/migrate.ts";
import { builtWorker, prepared } from "../prepared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const models = (path: string) => readFile(`${root}models/${path}`);

interface WatchedOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** What is published: the default router, or what these make of its files. */
  readonly bundle?: (bytes: Uint8Array) => Uint8Array;
  // biome-ignore lint/suspicious/noExplicitAny: a catalogue before anyone has checked it
  readonly catalogue?: (document: any) => unknown;
  readonly requestsPerMinute?: number;
}

/** The Worker as it would be uploaded, in a workerd without Wrangler's proxies; all that it writes is seen. */
export interface WatchedWorker {
  readonly origin: string;
  /** Everything that it logged, or that workerd wrote. */
  logs(): string;
  /** All rows of the feedback and the decisions in D1. */
  rows(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Everything in KV, by key; encoder and bundle only by name. */
  stored(): Promise<Readonly<Record<string, string>>>;
  put(key: string, value: string): Promise<void>;
  stop(): Promise<void>;
}

/** Miniflare's types of these don't resolve without Cloudflare's; what is used of them. */
interface KeyValueStore {
  put(key: string, value: string | ArrayBuffer): Promise<void>;
  get(key: string): Promise<string | null>;
  list(): Promise<{ readonly keys: readonly { readonly name: string }[] }>;
}

interface Database {
  prepare(sql: string): {
    all(): Promise<{ readonly results: readonly Record<string, unknown>[] }>;
  };
}

let built: Promise<BuiltWorker> | undefined;

export async function startWatchedWorker({
  variables,
  bundle = (bytes) => bytes,
  catalogue = (document) => document,
  requestsPerMinute = 100_000,
}: WatchedOptions): Promise<WatchedWorker> {
  built ??= builtWorker("src/worker/index.ts");
  const { modules, folder } = await built;
  const state = await mkdtemp(join(tmpdir(), "signalbox-watched-"));
  await cp(await preparedStorage(), state, { recursive: true });
  const lines: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "signalbox",
      modules: [...modules],
      modulesRoot: folder,
      compatibilityDate: "2026-04-01",
      host: "127.0.0.1",
      port: 0,
      cf: false,
      ...storage,
      resourcePersistencePath: state,
      ratelimits: { RATE_LIMITER: { namespace_id: "1", simple: { limit: requestsPerMinute, period: 60 } } },
      bindings: { POINTER_REFRESH_MS: "0", ...variables },
      handleStructuredLogs: ({ message }) => void lines.push(message),
    }),
  );
  const { origin } = await miniflare.ready;
  const kv = (await miniflare.getKVNamespace("SIGNALBOX")) as unknown as KeyValueStore;
  const encoder = await checksumOf(await models("encoder/manifest.json"));
  const database = (await miniflare.getD1Database("DB")) as unknown as Database;
  const put = async (key: string, bytes: Uint8Array) => kv.put(key, Uint8Array.from(bytes).buffer);

  const bundleBytes = bundle(await models("default/bundle.safetensors"));
  const document = catalogue(JSON.parse((await models("default/catalogue.json")).toString("utf8")));
  const catalogueBytes = new TextEncoder().encode(
    typeof document === "string" ? document : JSON.stringify(document),
  );
  const live = {
    bundle: await checksumOf(bundleBytes),
    catalogue: await checksumOf(catalogueBytes),
    encoder,
  };
  await put(kvKeys.bundle(live.bundle), bundleBytes);
  await put(kvKeys.catalogue(live.catalogue), catalogueBytes);
  const pointer = { format_version: 1, ...live, published_at: "2025-11-02T10:00:00.000Z" };
  await kv.put(kvKeys.active, JSON.stringify(pointer));

  return {
    origin,
    logs: () => lines.join("\n"),
    async rows() {
      const tables = ["SELECT * FROM feedback", "SELECT * FROM decisions"];
      const found = await Promise.all(tables.map((query) => database.prepare(query).all()));
      return found.flatMap(({ results }) => results);
    },
    async stored() {
      const { keys } = await kv.list();
      const entries = keys.map(async ({ name }) => {
        const isLarge = /^(?:bundle|encoder)\//.test(name);
        return [name, isLarge ? "" : ((await kv.get(name)) ?? "")] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    put: (key, value) => kv.put(key, value),
    async stop() {
      await miniflare.dispose();
      await rm(state, { recursive: true, force: true });
    },
  };
}

const storage = { kvNamespaces: { SIGNALBOX: "signalbox" }, d1Databases: { DB: "signalbox" } };

/** KV with the encoder, and D1 with its tables, as files. */
function preparedStorage(): Promise<string> {
  return prepared("watched", async (folder) => {
    const script = "export default {}";
    const workerd = await startWorkerd({
      resourcePersistencePath: folder,
      workers: [{ name: "storage", modules: true, script, ...platform, ...storage }],
    });
    const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX", "storage")) as unknown as KeyValueStore;
    const manifest = await models("encoder/manifest.json");
    const encoder = await checksumOf(manifest);
    for (const [name, bytes] of [
      ["manifest", manifest],
      ["graph", await models("encoder/graph.onnx")],
      ["weights", await models("encoder/weights.bin")],
      ["tokenizer", await models("encoder/tokenizer.json")],
    ] as const) {
      await kv.put(kvKeys.encoder(encoder, name), Uint8Array.from(bytes).buffer);
    }
    await migrate(workerd, "storage");
    await workerd.stop();
  });
}

/** Ends what the tests of one file share. */
export async function removeBuild(): Promise<void> {
  if (built !== undefined) await rm((await built).folder, { recursive: true, force: true });
}
