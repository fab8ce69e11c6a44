import { expect, test } from "vitest";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { createEmbeddingCache } from "../../src/router/embedding-cache.ts";

// The cache asks nothing else of an encoder.
const encoder = {
  checksum: "e",
  embed: () => new Promise((resolve) => setTimeout(() => resolve(new Float32Array(1)))),
} as unknown as Encoder;

test("a caller of many texts displaces no other caller's few", async () => {
  const cache = createEmbeddingCache(8);
  const hit = async (text: string, owner: string) => (await cache.embed(encoder, text, owner)).hit;
  for (const text of ["a", "b", "c"]) await hit(text, "bob");
  for (let k = 0; k < 100; k++) await hit(String(k), "alice");
  expect(cache.counts().size).toBe(8);
  expect([await hit("a", "bob"), await hit("b", "bob"), await hit("c", "bob")]).toEqual([true, true, true]);
  // Among a caller's own, the one used longest ago goes first.
  expect([await hit("99", "alice"), await hit("95", "alice"), await hit("94", "alice")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("the same text asked twice at once is one entry; none are kept without capacity", async () => {
  const cache = createEmbeddingCache(8);
  await Promise.all([1, 2, 3].map(() => cache.embed(encoder, "x", "")));
  expect(cache.counts()).toMatchObject({ size: 1, misses: 3 });
  const none = createEmbeddingCache(0);
  await none.embed(encoder, "x", "");
  expect([(await none.embed(encoder, "x", "")).hit, none.counts().size]).toEqual([false, 0]);
});
