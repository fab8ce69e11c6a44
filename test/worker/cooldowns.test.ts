import { expect, test } from "vitest";
import { createCooldowns } from "../../src/worker/providers/cooldowns.ts";

function withClock() {
  let time = 1_000_000;
  return {
    cooldowns: createCooldowns(() => time),
    pass(ms: number) {
      time += ms;
    },
  };
}

test("what one caller met is that caller's own rest", () => {
  const { cooldowns, pass } = withClock();
  cooldowns.rest("m", "alice", 10_000);
  expect(["alice", "bob", ""].map((owner) => cooldowns.remainingMs("m", owner))).toEqual([10_000, 0, 0]);
  expect(cooldowns.remainingMs("other", "alice")).toBe(0);
  // However often.
  for (let k = 0; k < 100; k++) cooldowns.rest("m", "alice", 10_000);
  expect(cooldowns.remainingMs("m", "bob")).toBe(0);
  pass(10_000);
  expect(cooldowns.remainingMs("m", "alice")).toBe(0);
});

test("what two callers met holds for all, for as long as both say so", () => {
  const { cooldowns, pass } = withClock();
  cooldowns.rest("m", "alice", 10_000);
  pass(2_000);
  cooldowns.rest("m", "bob", 5_000);
  expect(["alice", "bob", "carol"].map((owner) => cooldowns.remainingMs("m", owner))).toEqual([
    8_000, 5_000, 5_000,
  ]);
  pass(5_000);
  expect(["alice", "bob", "carol"].map((owner) => cooldowns.remainingMs("m", owner))).toEqual([3_000, 0, 0]);
});

test("no rest is longer than half a minute, and none outlives the clock", () => {
  const { cooldowns, pass } = withClock();
  for (const owner of ["alice", "bob"]) cooldowns.rest("m", owner, 86_400_000);
  expect(cooldowns.remainingMs("m", "carol")).toBe(30_000);
  pass(-3_600_000);
  expect(cooldowns.remainingMs("m", "alice")).toBe(0);
});
