import { expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { createApiKey, parseKeyRecords } from "../../src/contract/api-key.ts";
import { createKeyRing, type KeySource } from "../../src/worker/state/key-ring.ts";

const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const keyOf = async (name: string) => unwrap(await createApiKey(name, random));
const [inSecret, stored] = [await keyOf("in-secret"), await keyOf("stored")];

/** A ring over one source, its clock in the test's hand. */
function ringOver(read: KeySource["read"]) {
  const clock = { ms: 0 };
  const work: Promise<unknown>[] = [];
  const ring = createKeyRing({
    secret: unwrap(parseKeyRecords(inSecret.record)),
    sources: [{ name: "keys", read }],
    refreshMs: 30_000,
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
