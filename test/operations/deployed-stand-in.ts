import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LearningDatabase } from "../../src/learning/ports.ts";
import { type KeyValueWriter, startWorkerd, type Workerd } from "../bench/live-worker.ts";

/** The platform's side of a deployed Worker, real: what was uploaded, in workerd, with a KV and a D1 of its own. */
export interface Deployed {
  /** The multipart body of an upload, as Wrangler sends it. */
  upload(body: Buffer, contentType: string): Promise<void>;
  setSecret(name: string, text: string): Promise<void>;
  setValue(key: string, value: Uint8Array | undefined): Promise<void>;
  query(sql: string, params: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  database(): Promise<LearningDatabase>;
  /** Answers as the Worker does at its address; undefined before anything was uploaded. */
  fetch(path: string, init: RequestInit): Promise<Served | undefined>;
  /** How long the Worker took to begin, if it did. */
  startupMs(): number | undefined;
  stop(): Promise<void>;
}

interface Served {
  readonly response: Response;
  /** That the whole workerd computed meanwhile. */
  readonly cpuMs: number;
}

interface Upload {
  readonly main: string;
  readonly compatibilityDate: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly modules: readonly { readonly type: "ESModule" | "CompiledWasm"; readonly path: string }[];
}

interface Metadata {
  readonly main_module: string;
  readonly compatibility_date: string;
  readonly bindings: readonly { readonly type: string; readonly name: string; readonly text?: string }[];
}

interface Database {
  prepare(sql: string): {
    bind(...params: readonly string[]): {
      all(): Promise<{ readonly results: readonly Readonly<Record<string, unknown>>[] }>;
    };
  };
}

const NOTHING_YET = `export default { fetch: () => new Response("nothing is deployed", { status: 404 }) }`;

export async function createDeployed(): Promise<Deployed> {
  const state = await mkdtemp(join(tmpdir(), "signalbox-deployed-"));
  const secrets = new Map<string, string>();
  const values = new Map<string, Uint8Array>();
  let uploaded: Upload | undefined;
  let running: Promise<Workerd> | undefined;
  let startupMs: number | undefined;

  /** Starts on demand: most of what is tested needs none. */
  function platform(): Promise<Workerd> {
    running ??= start();
    return running;
  }

  async function start(): Promise<Workerd> {
    const begun = performance.now();
    const workerd = await startWorkerd({
      name: "signalbox",
      ...(uploaded === undefined
        ? { modules: true, script: NOTHING_YET }
        : { modules: [...uploaded.modules], modulesRoot: uploaded.folder }),
      compatibilityDate: uploaded?.compatibilityDate ?? "2026-04-01",
      // What is published or stored is seen at once, where Cloudflare takes half a minute.
      bindings: { ...uploaded?.variables, ...Object.fromEntries(secrets), POINTER_REFRESH_MS: "0" },
      kvNamespaces: { SIGNALBOX: "signalbox" },
      d1Databases: { DB: "signalbox" },
      resourcePersistencePath: state,
      handleStructuredLogs: () => {},
    });
    startupMs = uploaded === undefined ? undefined : Math.round(performance.now() - begun);
    const kv = await namespaceOf(workerd);
    for (const [key, value] of values) await kv.put(key, Uint8Array.from(value).buffer);
    return workerd;
  }

  async function restart(): Promise<void> {
    const before = running;
    running = undefined;
    await (await before)?.stop();
  }

  return {
    async upload(body, contentType) {
      const form = await new Response(Uint8Array.from(body), {
        headers: { "content-type": contentType },
      }).formData();
      const { main_module, compatibility_date, bindings } = JSON.parse(
        await textOf(form.get("metadata")),
      ) as Metadata;
      const folder = join(state, `upload-${Date.now()}`);
      const modules: Upload["modules"][number][] = [];
      for (const [name, part] of form) {
        if (name === "metadata" || typeof part === "string") continue;
        const path = join(folder, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, new Uint8Array(await part.arrayBuffer()));
        // Source maps go along too.
        if (/\.wasm$/.test(name)) modules.push({ type: "CompiledWasm", path });
        else if (name === main_module) modules.unshift({ type: "ESModule", path });
      }
      const variables = bindings.flatMap(({ type, name, text }) =>
        type === "plain_text" && text !== undefined ? [[name, text] as const] : [],
      );
      uploaded = {
        main: main_module,
        compatibilityDate: compatibility_date,
        variables: Object.fromEntries(variables),
        folder,
        modules,
      };
      await restart();
    },
    async setSecret(name, text) {
      secrets.set(name, text);
      await restart();
    },
    async setValue(key, value) {
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      if (running === undefined) return;
      const kv = await namespaceOf(await running);
      if (value === undefined) await kv.delete(key);
      else await kv.put(key, Uint8Array.from(value).buffer);
    },
    async database() {
      return (await (await platform()).miniflare.getD1Database("DB")) as unknown as LearningDatabase;
    },
    async query(sql, params) {
      const database = (await (await platform()).miniflare.getD1Database("DB")) as unknown as Database;
      const { results } = await database
        .prepare(sql)
        .bind(...params)
        .all();
      return results;
    },
    async fetch(path, init) {
      if (uploaded === undefined) return undefined;
      const { origin, cpuMs } = await platform();
      const before = await cpuMs();
      const response = await fetch(`${origin}${path}`, init);
      const bytes = await response.arrayBuffer();
      const { status } = response;
      const headers = new Headers(response.headers);
      // Of the bytes as they came, which `fetch` has unpacked.
      for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
      return { response: new Response(bytes, { status, headers }), cpuMs: (await cpuMs()) - before };
    },
    startupMs: () => startupMs,
    async stop() {
      await restart();
      await rm(state, { recursive: true, force: true });
    },
  };
}

async function namespaceOf({
  miniflare,
}: Workerd): Promise<KeyValueWriter & { delete(key: string): Promise<void> }> {
  return (await miniflare.getKVNamespace("SIGNALBOX")) as unknown as KeyValueWriter & {
    delete(key: string): Promise<void>;
  };
}

async function textOf(part: FormDataEntryValue | null): Promise<string> {
  return typeof part === "string" ? part : ((await part?.text()) ?? "{}");
}
