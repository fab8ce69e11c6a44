import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createApiKey, equalInConstantTime, findKey, parseKeyRecords } from "../../src/contract/api-key.ts";

test("a key finds its record, and only its own", async () => {
  const made = await Promise.all(["alice", "bob"].map((name) => createApiKey(name, randomBytes)));
  const keys = made.map((result) => (result.ok ? result.value : undefined));
  const records = parseKeyRecords(keys.map((key) => key?.record).join(","));
  if (!records.ok) throw new Error(records.failure.message);
  expect((await findKey(records.value, keys[0]?.key as string))?.name).toBe("alice");
  expect((await findKey(records.value, keys[1]?.key as string))?.name).toBe("bob");
  for (const wrong of [
    "",
    "sb_alice_",
    "sb__x",
    `${keys[0]?.key}x`,
    keys[0]?.key.replace("alice", "carol"),
  ]) {
    expect(await findKey(records.value, wrong as string)).toBeUndefined();
  }
  expect(keys[0]?.record).not.toContain(keys[0]?.key.split("_").slice(2).join("_"));
});

test.each(["Alice", "a_b", "", "x".repeat(41)])("the name %j is refused", async (name) => {
  expect((await createApiKey(name, randomBytes)).ok).toBe(false);
});

test.each(["alice", "alice:00:00", "sk-a-real-key"])(
  "the record %j is refused and not repeated",
  (record) => {
    const parsed = parseKeyRecords(record);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain(record);
  },
);

test("the comparison takes the same time wherever the first difference is", () => {
  // Long inputs, so that a comparison which stops early would be some thousand times faster.
  const length = 1 << 18;
  const stored = new Uint8Array(randomBytes(length));
  const variants = [0, length >> 1, length - 1].map((position) => {
    const copy = stored.slice();
    copy[position] = copy[position] ^ 1;
    return copy;
  });
  const times = variants.map(() => [] as number[]);
  for (let round = 0; round < 60; round++) {
    for (let k = 0; k < variants.length; k++) {
      const which = round % 2 === 0 ? k : variants.length - 1 - k;
      const start = performance.now();
      expect(equalInConstantTime(stored, variants[which] as Uint8Array)).toBe(false);
      times[which]?.push(performance.now() - start);
    }
  }
  const fastest = times.map((list) => Math.min(...list));
  expect(Math.max(...fastest) / Math.min(...fastest)).toBeLessThan(1.5);
  expect(equalInConstantTime(stored, stored.slice())).toBe(true);
});
