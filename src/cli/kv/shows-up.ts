import { setTimeout as sleep } from "node:timers/promises";
import type { KeyValue } from "./key-value.ts";

/**
 * Whether what was written can be read, at once or within the time that the namespace takes to show it. Reads come ever
 * more seldom, since the edge remembers what it has read.
 */
export async function showsUp(
  kv: KeyValue,
  what: string,
  isThere: () => Promise<boolean>,
  onProgress: (line: string) => void,
): Promise<boolean> {
  const end = Date.now() + kv.lagMs;
  for (let wait = kv.lagMs / 60; !(await isThere()); wait *= 1.5) {
    const left = end - Date.now();
    if (left <= 0) return false;
    onProgress(
      `${what} was written, and KV does not show it yet; waiting up to ${Math.ceil(left / 1000)} s more`,
    );
    await sleep(Math.min(wait, left));
  }
  return true;
}
