import { findConfiguration } from "../configuration.ts";
import type { KeyValue, KeyValueLocation } from "./key-value.ts";
import { remoteKeyValue } from "./remote.ts";

interface KeyValueOptions {
  readonly location: KeyValueLocation;
  /** wrangler.toml; found by itself where none is named. */
  readonly configPath?: string | undefined;
  /** Folder of local state; .wrangler/state beside the configuration by default. */
  readonly statePath?: string | undefined;
}

/** Opens the namespace where it lives. Wrangler is loaded only here: it takes most of a second. */
export async function openKeyValue({ location, configPath, statePath }: KeyValueOptions): Promise<KeyValue> {
  const config = await findConfiguration(configPath, location === "remote");
  if (location === "remote") {
    const { openDeployedWorker } = await import("../cloudflare/deployed-worker.ts");
    return remoteKeyValue(await openDeployedWorker(config));
  }
  const { openLocalKeyValue } = await import("./local.ts");
  return openLocalKeyValue(config, statePath);
}
