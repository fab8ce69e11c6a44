import { expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { createApiKey, parseKeyRecords } from "../../src/contract/api-key.ts";
import { createKeyRing, type KeySource } from "../../src/worker/state/key-ring.ts";

const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const keyOf = async (name: string) => unwrap(await createApiKey(name, random));
const [inSecret, stored] = [await keyOf("in-secret"), await keyOf("stored")];

/** A ring over one source, its clock in the test's hand. */
function ringOver(read: KeySource["read"], refreshMs = 30_000) {
  const clock = { ms: 0 };
  const work: Promise<unknown>[] = [];
  const ring = createKeyRing({
    secret: unwrap(parseKeyRecords(inSecret.record)),
    sources: [{ name: "keys", read }],
    refreshMs,
    now: () => clock.ms,
    log: () => undefined,
  });
  const find = async (key: string) => {
    const found = await ring.find(key, (each) => void work.push(each));
    return found.ok ? found.value?.name : found.failure.code;
  };
  return { clock, work, find };
}

test("only the first request waits for a read; later ones are let in by what is known, and it is read when due", async () => {
  let reads = 0;
  const { clock, work, find } = ringOver(async () => {
    reads++;
    return stored.record;
  });
  expect(await find(stored.key)).toBe("stored");
  for (let k = 0; k < 100; k++) await find(k % 2 === 0 ? stored.key : (await keyOf("nobody")).key);
  expect(reads).toBe(1);
  clock.ms = 30_000;
  await Promise.all([find(stored.key), find(stored.key)]);
  await Promise.all(work);
  expect(reads).toBe(2);
});

test("a request that comes while the records are read again doesn't wait for them", async () => {
  const { promise: never } = Promise.withResolvers<string>();
  let reads = 0;
  const { clock, find } = ringOver(() => (reads++ === 0 ? Promise.resolve(stored.record) : never));
  await find(stored.key);
  clock.ms = 30_000;
  expect(await find(stored.key)).toBe("stored");
  expect(reads).toBe(2);
});

test("requests that come together in a young isolate share one read, whichever keys they have", async () => {
  let reads = 0;
  const { promise, resolve } = Promise.withResolvers<string>();
  const { find } = ringOver(() => {
    reads++;
    return promise;
  });
  let isAnswered = false;
  const asked = [find(inSecret.key), find(stored.key)];
  void asked[0]?.then(() => {
    isAnswered = true;
  });
  await new Promise((done) => setTimeout(done, 20));
  // Else the time would tell which names stand in the secret.
  expect(isAnswered).toBe(false);
  resolve(stored.record);
  expect(await Promise.all(asked)).toEqual(["in-secret", "stored"]);
  expect(reads).toBe(1);
});

test("a key that was revoked while nobody asked doesn't open once more", async () => {
  let text = stored.record;
  const { clock, find } = ringOver(async () => text);
  expect(await find(stored.key)).toBe("stored");
  text = "";
  clock.ms = 3_600_000;
  expect(await find(stored.key)).toBeUndefined();
});

test("records are read twice a minute, however seldom the pointer is", async () => {
  let reads = 0;
  const { clock, find } = ringOver(async () => {
    reads++;
    return stored.record;
  }, 3_600_000);
  await find(stored.key);
  clock.ms = 30_000;
  await find(stored.key);
  expect(reads).toBe(2);
});

test("a storage that fails after that holds nobody up for longer than one reading, and closes nothing", async () => {
  let reads = 0;
  const { clock, find } = ringOver(async () => {
    if (reads++ > 0) throw new Error("KV is down");
    return stored.record;
  });
  await find(stored.key);
  clock.ms = 3_600_000;
  for (let k = 0; k < 10; k++) expect(await find(stored.key)).toBe("stored");
  // What it holds is known: there is no hurry.
  clock.ms += 29_999;
  await find(stored.key);
  expect(reads).toBe(2);
});

test("a source that is never read is asked ever more seldom", async () => {
  const at: number[] = [];
  const { clock, work, find } = ringOver(async () => {
    at.push(clock.ms);
    throw new Error("no such secret");
  });
  for (; clock.ms <= 120_000; clock.ms += 500) {
    await find(stored.key);
    await Promise.all(work);
  }
  expect(at).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000]);
});

test("a source that fails is asked once a second at most, and locks out none whose record is known", async () => {
  let reads = 0;
  const { clock, work, find } = ringOver(async () => {
    reads++;
    throw new Error("KV is down");
  });
  expect([await find(inSecret.key), await find(stored.key)]).toEqual(["in-secret", "keys_unavailable"]);
  expect(reads).toBe(1);
  clock.ms = 1_000;
  await find(stored.key);
  await Promise.all(work);
  expect(reads).toBe(2);
});
