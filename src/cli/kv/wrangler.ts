import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runWrangler, wranglerFailure } from "../run-wrangler.ts";
import { type KeyValue, type KeyValueLocation, KV_BINDING } from "./key-value.ts";

/**
 * The namespace at Cloudflare, through the `wrangler` command with its login and configuration. It can reach the
 * local one too.
 */
export async function openWranglerKeyValue(
  configPath: string,
  location: KeyValueLocation,
  statePath?: string,
): Promise<KeyValue> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  const options = ["--binding", KV_BINDING, `--${location}`, "--config", configPath];
  if (statePath !== undefined) options.push("--persist-to", statePath);
  return {
    async get(key) {
      const finished = await runWrangler(["kv", "key", "get", key, ...options]);
      if (finished.code === 0) {
        // In local state, Wrangler prints this line for a key that isn't there.
        return finished.stdout.toString("utf8").trim() === "Value not found" ? undefined : finished.stdout;
      }
      if (isMissing(finished.stderr)) return undefined;
      throw wranglerFailure(`read ${key} from KV`, finished);
    },
    async put(key, value) {
      const file = join(folder, "value");
      await writeFile(file, value);
      const finished = await runWrangler(["kv", "key", "put", key, "--path", file, ...options]);
      if (finished.code !== 0) throw wranglerFailure(`write ${key} to KV`, finished);
    },
    async delete(key) {
      const finished = await runWrangler(["kv", "key", "delete", key, ...options]);
      if (finished.code !== 0) throw wranglerFailure(`delete ${key} from KV`, finished);
    },
    async list(prefix) {
      const finished = await runWrangler(["kv", "key", "list", "--prefix", prefix, ...options]);
      if (finished.code !== 0)
        throw wranglerFailure(`list the keys of KV that begin with ${prefix}`, finished);
      const keys = JSON.parse(finished.stdout.toString("utf8")) as readonly { readonly name: string }[];
      return keys.map(({ name }) => name);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Whether Cloudflare answered that there is no such key. The status alone: the digits 404 also stand in account ids,
 * in checksums and in the name of Wrangler's log, and a failure that is taken for a missing pointer would have `publish`
 * begin anew.
 */
export function isMissing(stderr: string): boolean {
  return / - 404: /.test(stderr);
}
