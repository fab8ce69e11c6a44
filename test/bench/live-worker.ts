import { readdir, readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from "miniflare";
import type { BuiltWorker } from "./build-worker.ts";
import { type Inspector, openInspector } from "./isolate-memory.ts";

/** A Worker in a workerd process of its own, without the proxy that `wrangler dev` puts before it. */
export interface LiveWorker {
  readonly origin: string;
  /** Resident memory of the workerd process in bytes. */
  rss(): Promise<number>;
  /** Milliseconds that the process has computed, on all threads: a busy machine hardly changes them. */
  cpuMs(): Promise<number>;
  put(key: string, value: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

const streamPast = `export default {
  async fetch(_request, env) {
    for (const { name } of (await env.SIGNALBOX.list()).keys) {
      const value = await env.SIGNALBOX.get(name, "stream");
      await value.pipeTo(new WritableStream());
    }
    return new Response();
  },
}`;

// Linux's USER_HZ is 100 on every common architecture.
const MS_PER_TICK = 10;

export interface KeyValueWriter {
  put(key: string, value: ArrayBuffer): Promise<void>;
}

interface LiveWorkerOptions {
  /** Without one, a Worker that lets each request stream all KV values past: what the process takes by itself. */
  readonly worker?: BuiltWorker;
  /** Folder of the KV. */
  readonly state: string;
  readonly variables: Readonly<Record<string, string>>;
}

export async function startLiveWorker({
  worker,
  state,
  variables,
}: LiveWorkerOptions): Promise<LiveWorker & Workerd> {
  const workerd = await startWorkerd({
    name: WORKER_NAME,
    ...(worker === undefined ? { modules: true, script: streamPast } : modulesOf(worker)),
    ...platform,
    kvNamespaces: { SIGNALBOX: "signalbox" },
    bindings: { ...variables },
    resourcePersistencePath: state,
    handleStructuredLogs: () => {},
  });
  return {
    ...workerd,
    async put(key, value) {
      const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX")) as unknown as KeyValueWriter;
      await kv.put(key, value.slice().buffer);
    },
  };
}

const WORKER_NAME = "signalbox";

/** What wrangler.toml says of the runtime. */
export const platform = { compatibilityDate: "2026-04-01" };

export function modulesOf({ modules, folder }: BuiltWorker) {
  return { modules: [...modules], modulesRoot: folder };
}

/** One workerd process, seen from outside. */
export interface Workerd extends Omit<LiveWorker, "put"> {
  readonly miniflare: Miniflare;
  /** Its inspector; one at a time. */
  inspect(): Promise<Inspector>;
  /** Ends the process as a crash would, without a chance to finish anything. */
  kill(): void;
}

/** Runs Workers in a workerd process of their own, on a free port of 127.0.0.1. */
export async function startWorkerd(options: V4MiniflareOptions): Promise<Workerd> {
  const before = new Set(await workerdChildren());
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ ...options, host: "127.0.0.1", port: 0, inspectorPort: 0, cf: false }),
  );
  const origin = (await miniflare.ready).origin;
  const pid = (await workerdChildren()).find((child) => !before.has(child));
  if (pid === undefined) throw new Error("no workerd process was found");
  return {
    miniflare,
    origin,
    async inspect() {
      const poke = async () => (await fetch(`${origin}/openapi.json`)).arrayBuffer();
      return openInspector(await miniflare.getInspectorURL(), WORKER_NAME, poke);
    },
    kill: () => void process.kill(Number(pid), "SIGKILL"),
    async rss() {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
    async cpuMs() {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const [user, system] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 13);
      return (Number(user) + Number(system)) * MS_PER_TICK;
    },
    stop: () => miniflare.dispose(),
  };
}

/** Process ids of the workerd processes that this process started. */
async function workerdChildren(): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      const [, name, parent] = /^\d+ \((.*)\) \S+ (\d+)/.exec(stat) ?? [];
      return name?.startsWith("workerd") && Number(parent) === process.pid ? [pid] : [];
    }),
  );
  return found.flat();
}
