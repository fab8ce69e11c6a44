import type { KeyValue, KeyValueLocation } from "./key-value.ts";

interface KeyValueOptions {
  readonly location: KeyValueLocation;
  /** wrangler.toml */
  readonly configPath: string;
  /** Folder of local state; .wrangler/state beside the configuration by default. */
  readonly statePath?: string | undefined;
}

/** Opens the namespace where it lives. Wrangler is loaded only here: it takes most of a second. */
export async function openKeyValue({ location, configPath, statePath }: KeyValueOptions): Promise<KeyValue> {
  if (location === "remote") {
    const { openWranglerKeyValue } = await import("./wrangler.ts");
    return openWranglerKeyValue(configPath, "remote");
  }
  const { openLocalKeyValue } = await import("./local.ts");
  return openLocalKeyValue(configPath, statePath);
}
