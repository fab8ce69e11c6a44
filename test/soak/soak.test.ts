import { expect, test } from "vitest";
import { hostileSoak } from "./hostile-soak.ts";
import { soak } from "./soak.ts";

// The short form of `npm run soak`. How fast it is depends on what else runs; whether anything is lost does not.
test("mixed traffic while an operator publishes: nothing is lost, nothing mixed up", async () => {
  const report = await soak({ backend: "lexical", seconds: 20, clients: 4, pauseMs: 0, recomputed: 300 });
  expect(report.broken).toEqual([]);
  expect(Object.keys(report.commands).length).toBeGreaterThan(0);
  expect(report.feedback.accepted).toBeGreaterThan(10);
  expect(report.recomputed).toBeGreaterThan(5);
  for (const { answers } of Object.values(report.kinds)) expect(answers).toBeGreaterThan(0);
});

// The short form of `npm run soak -- --hostile`: whether anybody sees an error; how long they wait is for a quiet machine.
test("hostile callers beside good ones: no good one sees an error or another's answer", async () => {
  const report = await hostileSoak({ backend: "lexical", seconds: 12, clients: 4 });
  expect(report.broken).toEqual([]);
  expect(Object.keys(report.hostile)).toEqual(expect.arrayContaining(["400", "401"]));
  for (const { hostile } of Object.values(report.kinds)) expect(hostile.p50).toBeGreaterThan(0);
});
