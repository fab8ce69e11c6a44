import type { DeployedWorker } from "../cloudflare/deployed-worker.ts";
import { type KeyValue, KV_BINDING } from "./key-value.ts";

// Cloudflare names a minute for a write to be seen everywhere.
const LAG_MS = 90_000;

/** The namespace at Cloudflare, through its API. */
export async function remoteKeyValue({ account, namespacePath }: DeployedWorker): Promise<KeyValue> {
  const namespace = await namespacePath(KV_BINDING);
  const pathOf = (key: string) => `${namespace}/values/${encodeURIComponent(key)}`;
  return {
    lagMs: LAG_MS,
    get: (key) => account.read(pathOf(key)),
    put: (key, value) => account.ask(pathOf(key), { method: "PUT", bytes: value }),
    delete: (key) => account.ask(pathOf(key), { method: "DELETE" }),
    async list(prefix) {
      const keys = await account.list<{ readonly name: string }>(`${namespace}/keys`, { prefix });
      return keys.map(({ name }) => name);
    },
    close: async () => undefined,
  };
}
