import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KeyValue } from "../../src/cli/kv/key-value.ts";
import { openLocalKeyValue } from "../../src/cli/kv/local.ts";
import { runWrangler } from "../../src/cli/run-wrangler.ts";

const configPath = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
let folder: string;
let kv: KeyValue;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-kv-"));
  kv = await openLocalKeyValue(configPath, folder);
});
afterAll(async () => {
  await kv.close();
  await rm(folder, { recursive: true, force: true });
});

test("local KV keeps bytes as they are, and tells a missing key from an empty value", async () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, k) => (k * 7919) & 255);
  expect(await kv.get("bundle/x")).toBeUndefined();
  await kv.put("bundle/x", bytes);
  expect(Buffer.compare((await kv.get("bundle/x")) as Uint8Array, bytes)).toBe(0);
  await kv.put("bundle/x", bytes.subarray(5, 8));
  expect([...((await kv.get("bundle/x")) as Uint8Array)]).toEqual([...bytes.subarray(5, 8)]);
});

test("it is the namespace that the `wrangler` command works on", async () => {
  await kv.put("shared", new Uint8Array([1, 2, 3]));
  const options = ["--binding", "SIGNALBOX", "--local", "--config", configPath, "--persist-to", folder];
  const { stdout } = await runWrangler(["kv", "key", "get", "shared", ...options]);
  expect([...stdout]).toEqual([1, 2, 3]);
});
