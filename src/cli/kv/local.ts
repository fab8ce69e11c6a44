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

/**
 * The namespace that `wrangler dev` uses, through Wrangler's own API: one workerd for all keys, where the `wrangler`
 * command would start one for each.
 */
export async function openLocalKeyValue(configPath: string, statePath?: string): Promise<KeyValue> {
  // Left to itself the proxy looks in the working folder, and Workers beside their configuration.
  const proxy = await getPlatformProxy<Record<string, Namespace>>({
    configPath,
    persist: { path: `${stateFolder(configPath, statePath)}/v3` },
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
    async get(key) {
      const value = await namespace.get(key, "arrayBuffer");
      return value === null ? undefined : new Uint8Array(value);
    },
    // Not `slice`: that of a Buffer copies nothing, and its `buffer` may hold other bytes before and after.
    put: (key, value) => namespace.put(key, Uint8Array.from(value).buffer),
    delete: (key) => namespace.delete(key),
    async list(prefix) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await namespace.list(cursor === undefined ? { prefix } : { prefix, cursor });
        names.push(...page.keys.map(({ name }) => name));
        cursor = page.cursor === "" ? undefined : page.cursor;
      } while (cursor !== undefined);
      return names;
    },
    close: () => proxy.dispose(),
  };
}
