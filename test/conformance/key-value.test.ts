import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KeyValue } from "../../src/cli/kv/key-value.ts";
import { openLocalKeyValue } from "../../src/cli/kv/local.ts";
import { openWranglerKeyValue } from "../../src/cli/kv/wrangler.ts";

const configPath = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-kv-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// The remote namespace needs an account, so the `wrangler` way is tried on the local one: the same code but for a flag.
const ways: readonly [string, () => Promise<KeyValue>][] = [
  ["Wrangler's API", () => openLocalKeyValue(configPath, folder)],
  ["the wrangler command", () => openWranglerKeyValue(configPath, "local", folder)],
];

describe.each(ways)("KV through %s", (name, open) => {
  test("keeps bytes as they are, and tells a missing key from an empty value", async () => {
    const kv = await open();
    try {
      const key = `bundle/${name.replaceAll(/\W/g, "-")}`;
      const bytes = Uint8Array.from({ length: 70_000 }, (_, k) => (k * 7919) & 255);
      expect(await kv.get(key)).toBeUndefined();
      await kv.put(key, bytes);
      expect(Buffer.compare((await kv.get(key)) as Uint8Array, bytes)).toBe(0);
      await kv.put(key, bytes.subarray(5, 8));
      expect([...((await kv.get(key)) as Uint8Array)]).toEqual([...bytes.subarray(5, 8)]);
    } finally {
      await kv.close();
    }
  });
});

test("both see the same namespace", async () => {
  const local = await openLocalKeyValue(configPath, folder);
  await local.put("shared", new Uint8Array([1, 2, 3]));
  await local.close();
  const command = await openWranglerKeyValue(configPath, "local", folder);
  expect([...((await command.get("shared")) as Uint8Array)]).toEqual([1, 2, 3]);
  await command.close();
});
