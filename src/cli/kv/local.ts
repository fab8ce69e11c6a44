import { access, constants, mkdir, statfs } from "node:fs/promises";
import { getPlatformProxy } from "wrangler";
import { stateFolder } from "../configuration.ts";
import { CommandFailure } from "../failure.ts";
import { type KeyValue, KV_BINDING } from "./key-value.ts";

interface Namespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(key: string, value: ArrayBuffer): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { readonly prefix: string; readonly cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string }[];
    readonly cursor?: string;
  }>;
}

// A put takes milliseconds; on a disk that is full, workerd never answers.
const PUT_TIMEOUT_MS = 30_000;
/** What SQLite and its journal write beside a value. */
const SPARE_BYTES = 8 * 2 ** 20;

/**
 * The namespace that `wrangler dev` uses, through Wrangler's own API: one workerd for all keys, where the `wrangler`
 * command would start one for each.
 */
export async function openLocalKeyValue(configPath: string, statePath?: string): Promise<KeyValue> {
  // Left to itself the proxy looks in the working folder, and Workers beside their configuration.
  const folder = stateFolder(configPath, statePath);
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
  const proxy = await getPlatformProxy<Record<string, Namespace>>({
    configPath,
    persist: { path: `${folder}/v3` },
  });
  const namespace = proxy.env[KV_BINDING];
  if (namespace === undefined) {
    await proxy.dispose();
    throw new CommandFailure({
      code: "no_namespace",
      message: `${configPath} binds no KV namespace as ${KV_BINDING}; \`signalbox init\` writes one that does`,
    });
  }
  return {
    lagMs: 0,
    async get(key) {
      const value = await again(() => namespace.get(key, "arrayBuffer"));
      return value === null ? undefined : new Uint8Array(value);
    },
    async put(key, value) {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < value.byteLength + SPARE_BYTES) throw noRoom(folder);
      // Not `slice`: that of a Buffer copies nothing, and its `buffer` may hold other bytes before and after.
      const stored = again(() => namespace.put(key, Uint8Array.from(value).buffer));
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(noRoom(folder)), PUT_TIMEOUT_MS);
      });
      await Promise.race([stored, limit]).finally(() => clearTimeout(timer));
    },
    delete: (key) => again(() => namespace.delete(key)),
    async list(prefix) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await again(() =>
          namespace.list(cursor === undefined ? { prefix } : { prefix, cursor }),
        );
        names.push(...page.keys.map(({ name }) => name));
        cursor = page.cursor === "" ? undefined : page.cursor;
      } while (cursor !== undefined);
      return names;
    },
    close: () => proxy.dispose(),
  };
}

/**
 * workerd closes a connection that was idle for five seconds. A busy machine may notice that too late, and the next call
 * on it fails before workerd has seen it; all calls here may be made twice.
 */
async function again<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    // What `fetch` throws for a lost connection; a refusal of the namespace itself is an Error.
    if (!(error instanceof TypeError)) throw error;
    return call();
  }
}

function noRoom(folder: string): CommandFailure {
  return new CommandFailure({
    code: "disk_full",
    message: `the disk has no room for it: make some, or name a folder elsewhere with --state; the local KV is in ${folder}`,
  });
}
