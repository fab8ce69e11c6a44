import { expect, test } from "vitest";
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
