import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { allBackends } from "../../src/worker/backends/all-backends.ts";
import { createIsolate } from "../../src/worker/state/isolate.ts";
import { startFreshWorker } from "./fresh-worker.ts";
import { putContent, putPointer, readModelFile, type Seed, seed } from "./seed.ts";

let seeded: Seed;
beforeEach(async () => {
  seeded = await seed();
});

/** The default catalogue at twice the price: another checksum, and decisions that show it. */
async function dearerCatalogue(): Promise<string> {
  const catalogue = JSON.parse(new TextDecoder().decode(await readModelFile("default/catalogue.json")));
  for (const { usd_per_million_tokens: price } of Object.values(catalogue.models) as {
    usd_per_million_tokens: Record<string, number>;
  }[]) {
    for (const key of ["input", "cached_input", "output"]) {
      if (price[key] !== undefined) price[key] *= 2;
    }
  }
  return putContent("catalogue", new TextEncoder().encode(JSON.stringify(catalogue)));
}

test("new prices go live without a new session, and no request waits for them", async () => {
  const worker = startFreshWorker();
  const before = (await worker.route()).body;
  await putPointer({ ...seeded, catalogue: await dearerCatalogue() });
  const during = (await worker.route()).body; // served by the old state while the check runs
  expect(during.catalogue).toBe(before.catalogue);
  const after = (await worker.route()).body;
  expect(after.catalogue).not.toBe(before.catalogue);
  expect(after.expected_usd).toBeCloseTo(2 * before.expected_usd, 10);
  // The embedding was cached under the same encoder, so the session was not even asked.
  expect((await worker.send("/health")).body.embedding_cache).toMatchObject({ hits: 2, misses: 1 });
});

test("the pointer is left alone until it is due", async () => {
  const worker = startFreshWorker({ POINTER_REFRESH_MS: "3600000" });
  const before = (await worker.route()).body;
  await putPointer({ ...seeded, catalogue: await dearerCatalogue() });
  await worker.route();
  expect((await worker.route()).body.catalogue).toBe(before.catalogue);
});

test("requests that come while the first one loads wait for the same load", async () => {
  let pointerReads = 0;
  const counting = {
    get: (key: string, options: { type: "arrayBuffer" }) => {
      if (key === "active") pointerReads++;
      return env.SIGNALBOX.get(key, options);
    },
  };
  const isolate = createIsolate({ AUTH: "open", SIGNALBOX: counting }, allBackends);
  if (!isolate.ok) throw new Error(isolate.failure.message);
  const kept: Promise<unknown>[] = [];
  const states = await Promise.all(
    Array.from({ length: 20 }, () => isolate.value.state.serving((work) => kept.push(work))),
  );
  expect(states.every((state) => state.ok && state.value === (states[0]?.ok && states[0].value))).toBe(true);
  expect([pointerReads, kept.length]).toEqual([1, 1]);
});

test("the embedding cache forgets what was used longest ago", async () => {
  const worker = startFreshWorker({ EMBEDDING_CACHE_ENTRIES: "2" });
  for (const prompt of ["a", "b", "a", "c", "a", "b"]) await worker.route({ prompt });
  // a and b new, a hit, c new and b out, a hit, b new again.
  expect((await worker.send("/health")).body.embedding_cache).toMatchObject({ size: 2, hits: 2, misses: 4 });
});
