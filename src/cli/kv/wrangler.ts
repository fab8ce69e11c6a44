import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastLines, runWrangler } from "../run-wrangler.ts";
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
      const { code, stdout, stderr } = await runWrangler(["kv", "key", "get", key, ...options]);
      if (code === 0) {
        // Until KV answers with bytes or an error code, Wrangler prints this line for a key that isn't there.
        return stdout.toString("utf8").trim() === "Value not found" ? undefined : stdout;
      }
      if (/404|not found/i.test(stderr)) return undefined;
      throw new Error(`wrangler could not read ${key}: ${lastLines(stderr)}`);
    },
    async put(key, value) {
      const file = join(folder, "value");
      await writeFile(file, value);
      const { code, stderr } = await runWrangler(["kv", "key", "put", key, "--path", file, ...options]);
      if (code !== 0) throw new Error(`wrangler could not write ${key}: ${lastLines(stderr)}`);
    },
    async delete(key) {
      const { code, stderr } = await runWrangler(["kv", "key", "delete", key, ...options]);
      if (code !== 0) throw new Error(`wrangler could not delete ${key}: ${lastLines(stderr)}`);
    },
    async list(prefix) {
      const { code, stdout, stderr } = await runWrangler([
        "kv",
        "key",
        "list",
        "--prefix",
        prefix,
        ...options,
      ]);
      if (code !== 0) throw new Error(`wrangler could not list ${prefix}: ${lastLines(stderr)}`);
      return (JSON.parse(stdout.toString("utf8")) as { readonly name: string }[]).map(({ name }) => name);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
