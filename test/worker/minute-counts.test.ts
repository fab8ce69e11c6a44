import { expect, test } from "vitest";
import { createMinuteCounts } from "../../src/worker/http/minute-counts.ts";

test("a key has so many a minute, others their own, and the next minute as many again", () => {
  let now = 60_000 * 1000 + 100;
  const counts = createMinuteCounts(() => now);
  expect([counts.spend("a", 2, 3), counts.spend("a", 2, 3), counts.spend("a", 1, 3)]).toEqual([
    ...[true, false, true],
  ]);
  expect(counts.spend("a", 1, 3)).toBe(false);
  expect(counts.spend("b", 3, 3)).toBe(true);
  now += 60_000;
  expect(counts.spend("a", 3, 3)).toBe(true);
  // A clock that is set back begins another minute, and locks nobody out.
  now -= 3600_000;
  expect(counts.spend("a", 3, 3)).toBe(true);
  expect(counts.spend("a", 1, 3)).toBe(false);
});
