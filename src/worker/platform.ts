import type { LearningDatabase } from "../learning/ports.ts";

// What is used of Cloudflare's bindings, in the parts that are used: whatever has these methods will do, a test's own too.

/** Of a namespace of Workers KV. */
export interface KeyValueReader {
  get(
    key: string,
    options: { readonly type: "arrayBuffer"; readonly cacheTtl?: number },
  ): Promise<ArrayBuffer | null>;
}

/** The same where something is published: by learning alone. */
export interface KeyValue extends KeyValueReader {
  put(key: string, value: Uint8Array): Promise<void>;
}

/** Of a secret in Cloudflare's Secrets Store; rejects where there is none of that name. */
export interface StoredSecret {
  get(): Promise<string>;
}

/** Of the rate limiter; its limit and period stand in wrangler.toml. */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Of a D1 database. */
export type Database = LearningDatabase;

/** Of a dataset of Workers Analytics Engine. */
export interface Analytics {
  writeDataPoint(point: DataPoint): void;
}

export interface DataPoint {
  readonly indexes: readonly string[];
  readonly blobs: readonly (string | null)[];
  readonly doubles: readonly number[];
}
