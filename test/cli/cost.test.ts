import { expect, test } from "vitest";
import { costOf } from "../../src/cli/cost.ts";

const traffic = { decisions: 20e6, tokens: 64, feedback: 0.1, isolates: 50, slowdown: 2 };

test("a month is what is used beyond the plan, meter by meter", () => {
  const { cpu_ms, usd, total_usd } = costOf("simd", traffic);
  // 2 (1.1 + .35 * 64) ms.
  expect(cpu_ms).toBeCloseTo(47, 9);
  expect(usd.requests).toBeCloseTo(3, 9);
  expect(usd.cpu_ms).toBeCloseTo((20 * 47 - 30) * 0.02, 9);
  expect(usd.analytics_points).toBeCloseTo(2.5, 9);
  expect([usd.d1_rows_written, usd.kv_reads]).toEqual([0, 0]);
  expect(total_usd).toBeCloseTo(5 + 3 + 18.2 + 2.5, 9);
});

test("what the plan includes costs the plan; a prompt beyond the cap costs no more than at it", () => {
  expect(costOf("lexical", { ...traffic, decisions: 1e6 }).total_usd).toBe(5);
  const long = costOf("onnx", { ...traffic, tokens: 100_000 });
  expect(long).toEqual(costOf("onnx", { ...traffic, tokens: 128 }));
});
