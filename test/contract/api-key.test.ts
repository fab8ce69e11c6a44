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

const limits = {
  models: ["gpt-*", "a:b,c d"],
  maxUsd: 0.001,
  maxTokens: 2000,
  maxAnswers: 1,
  fields: ["temperature", "top_p"],
  promptsPerMinute: 30,
};

test("limits of a key are read as they were written, with and without permissions", async () => {
  for (const allows of [undefined, ["chat"] as const]) {
    const made = unwrapped(await createApiKey("app", (count) => new Uint8Array(count), allows, limits));
    const records = unwrapped(parseKeyRecords(`${made.record},${made.record.replace("app", "other")}`));
    expect([...records.values()].map((record) => record.limits)).toEqual([limits, limits]);
    expect(records.get("app")?.allows.has("route")).toBe(allows === undefined);
  }
});

test.each([
  "max_usd=",
  "max_usd=x",
  "max_usd=-1",
  "max_tokens=0",
  "n=1.5",
  "per_minute=0",
  "model=",
  "modles=gpt-4o",
  "n=1&N=2",
])("a limit that isn't understood is no record: %s", (text) => {
  const record = `app:${"0".repeat(32)}:${"0".repeat(64)}::${text}`;
  expect(parseKeyRecords(record)).toMatchObject({ ok: false, failure: { code: "misconfigured" } });
});

function unwrapped<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) throw new Error("it was refused");
  return result.value;
}
