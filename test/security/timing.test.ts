import { randomBytes } from "node:crypto";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import {
  createApiKey,
  equalInConstantTime,
  findKey,
  type KeyRecord,
  parseKeyRecords,
} from "../../src/contract/api-key.ts";
import { createDecisionSigner } from "../../src/worker/records/decision-token.ts";

// What the time of a refusal tells. First by what is computed, which needs no clock; then by the clock, against a
// control that a comparison which stops early fails by far.
let records: ReadonlyMap<string, KeyRecord>;
let key: string;

beforeAll(async () => {
  const made = await createApiKey("alice", randomBytes);
  if (!made.ok) throw new Error(made.failure.message);
  key = made.value.key;
  const parsed = parseKeyRecords(made.value.record);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  records = parsed.value;
});

afterEach(() => vi.restoreAllMocks());

/** Keys of one length that are wrong in different places: name, beginning and end of the secret, form. */
function wrongKeys(): Readonly<Record<string, string>> {
  const changed = (at: number) => `${key.slice(0, at)}${key[at] === "A" ? "B" : "A"}${key.slice(at + 1)}`;
  return {
    "an unknown name": key.replace("alice", "carol"),
    "the first character of the secret": changed("sb_alice_".length),
    "the last character of the secret": changed(key.length - 1),
    "no key's form": "x".repeat(key.length),
  };
}

test("every wrong key costs one hash of the same length, and one comparison of 32 bytes", async () => {
  const digest = vi.spyOn(crypto.subtle, "digest");
  const costs: number[][] = [];
  for (const wrong of Object.values(wrongKeys())) {
    digest.mockClear();
    expect(await findKey(records, wrong)).toBeUndefined();
    costs.push(digest.mock.calls.map(([, bytes]) => (bytes as Uint8Array).byteLength));
  }
  expect(costs).toEqual(costs.map(() => [32 + key.length]));
});

test("a forged decision costs the signatures of all secrets, whichever byte is wrong", async () => {
  const signer = createDecisionSigner(["a".repeat(32), "b".repeat(32)], 1000);
  const record = {
    number: "0".repeat(32),
    decidedAt: new Date(),
    bundle: "0".repeat(16),
    encoder: "0".repeat(16),
    model: "gpt-5.4",
    embedding: new Int8Array(768),
  };
  const token = await signer.sign(record, "alice");
  const sign = vi.spyOn(crypto.subtle, "sign");
  for (const at of [4, 100, token.length - 20, token.length - 3]) {
    const forged = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
    sign.mockClear();
    expect((await signer.read(forged, new Date(), "alice")).ok).toBe(false);
    expect(sign).toHaveBeenCalledTimes(2);
  }
});

/** The fastest of many runs of each, in alternating order: what the machine does besides only ever adds. */
function fastestMs(variants: readonly (() => unknown)[], rounds: number): readonly number[] {
  const fastest = variants.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const k = round % 2 === 0 ? turn : variants.length - 1 - turn;
      const start = performance.now();
      (variants[k] as () => unknown)();
      fastest[k] = Math.min(fastest[k], performance.now() - start);
    }
  }
  return fastest;
}

function equalUntilDifferent(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, k) => byte === b[k]);
}

test("by the clock: the place of the first difference doesn't show, as it does in a naive comparison", () => {
  // A megabyte for 32 bytes: a difference per byte is magnified by 30,000.
  const stored = new Uint8Array(1 << 20).fill(7);
  const differing = [0, (1 << 19) - 1, (1 << 20) - 1].map((at) => {
    const copy = stored.slice();
    copy[at] = 8;
    return copy;
  });
  const spread = (compare: typeof equalInConstantTime, rounds: number) => {
    const times = fastestMs(
      differing.map((other) => () => compare(stored, other)),
      rounds,
    );
    return Math.max(...times) / Math.min(...times);
  };
  expect(spread(equalUntilDifferent, 20)).toBeGreaterThan(20);
  expect(spread(equalInConstantTime, 40)).toBeLessThan(1.5);
});
