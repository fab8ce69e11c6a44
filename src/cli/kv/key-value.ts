/** The KV namespace of a Worker, seen from the command line. */
export interface KeyValue {
  /** How long a read may still show what was there before a write. */
  readonly lagMs: number;
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Names of all keys that begin so. */
  list(prefix: string): Promise<readonly string[]>;
  /** Ends what was started to reach the namespace. */
  close(): Promise<void>;
}

/** Where a namespace lives: in .wrangler/state beside wrangler.toml, or at Cloudflare. */
export type KeyValueLocation = "local" | "remote";

/** The binding's name in wrangler.toml. */
export const KV_BINDING = "SIGNALBOX";
