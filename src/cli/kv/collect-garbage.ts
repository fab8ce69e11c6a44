import { referencedKeys } from "../../contract/pointer.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { KeyValue } from "./key-value.ts";
import { readLivePointer } from "./upload.ts";

/** What `publish` stores by checksum; nothing else in the namespace is touched. */
const CONTENT_PREFIXES = ["bundle/", "catalogue/", "encoder/"] as const;

// The edge keeps a pointer for 30 seconds and isolates ask for it every 30 by default: an isolate that starts
// meanwhile may still load what the earlier one named.
const SETTLED_AFTER_MS = 5 * 60_000;

/** Keys of content that neither the pointer nor its earlier states name. */
export async function findGarbage(
  kv: KeyValue,
  now: Date,
): Promise<Result<readonly string[], "nothing_live" | "not_settled">> {
  const pointer = await readLivePointer(kv);
  if (pointer === undefined)
    return fail("nothing_live", "no pointer can be read, so nothing can be told to be unreferenced");
  const age = now.getTime() - Date.parse(pointer.changed_at ?? pointer.published_at);
  if (age < SETTLED_AFTER_MS) {
    return fail(
      "not_settled",
      "the pointer was moved less than five minutes ago, and Workers may still read by the earlier one; try later",
    );
  }
  const wanted = referencedKeys(pointer);
  const stored = await Promise.all(CONTENT_PREFIXES.map((prefix) => kv.list(prefix)));
  return ok(stored.flat().filter((key) => !wanted.has(key)));
}
