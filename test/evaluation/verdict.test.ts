import { expect, test } from "vitest";
import type { EvaluationReport, RouterReport } from "../../src/evaluation/report/report.ts";
import { verdictOf } from "../../src/evaluation/report/verdict.ts";

function router(gain: number, low: number, high: number, saving?: readonly [number, number]): RouterReport {
  const cost = saving && { savingAtParity: saving[0], savingWithin02: saving[1] };
  return {
    score: 0.6 + gain,
    gain,
    gain_ci95: [low, high],
    ...(cost && { cost }),
  } as unknown as RouterReport;
}

function verdict(routers: Readonly<Record<string, RouterReport>>, rest: Partial<EvaluationReport> = {}) {
  return verdictOf({ prompts: 300, routers, ...rest } as unknown as EvaluationReport);
}

test("a gain whose interval is above 0 is one, with what it saves", () => {
  const found = verdict({
    "landmark-heads": router(0.04, 0.02, 0.06, [0.54, 0.7]),
    "knn-50": router(0.03, 0.01, 0.05),
  });
  expect(found).toMatchObject({ quality: "gain", saving_at_parity: 0.54 });
  expect(found?.sentences).toEqual([
    "Quality: routing gains 4.0 points of correct answers over the best single model, +.020 to +.060 (95 % interval).",
    "Cost: the best single model's quality for 54 % less.",
    "Best kind on this data: landmark-heads.",
  ]);
});

test("an interval around 0 shows none, and says how many more prompts would tell: the half width shrinks with the root", () => {
  // A half width of .03 must become .02: (.03 / .02)^2 = 2.25 times as many prompts, 375 more, in two digits.
  const found = verdict({ "landmark-heads": router(0.02, -0.01, 0.05, [Number.NaN, 0.1]) });
  expect(found).toMatchObject({ quality: "no_gain_shown", prompts_to_settle: 380 });
  expect(found?.sentences[0]).toBe(
    "Quality: no gain over the best single model is shown, -.010 to +.050 (95 % interval).",
  );
  expect(found?.sentences[1]).toContain("10 % less where .02 of it may be given up");
  expect(found?.sentences.at(-1)).toContain("About 380 more prompts");
  const level = verdict({ "landmark-heads": router(0.0001, -0.03, 0.03) });
  expect(level?.prompts_to_settle).toBeUndefined();
  expect(level?.sentences.at(-1)).toContain("would hardly settle it");
});

test("another kind is better only where chance would not have it, and missing prices are named", () => {
  const clear = verdict(
    { "landmark-heads": router(-0.05, -0.08, -0.02), logistic: router(0.04, 0.02, 0.06) },
    { unpriced_models: ["own-a", "own-b"] },
  );
  expect(clear).toMatchObject({ quality: "loss", better_kind: "logistic" });
  expect(clear?.sentences[1]).toContain("no price is known of own-a, own-b");
  expect(clear?.sentences[2]).toContain("logistic, by +.090 over landmark-heads, more than chance");
  const close = verdict({
    "landmark-heads": router(0.02, 0.01, 0.03),
    "knn-50": router(0.021, 0.011, 0.031),
  });
  expect(close?.better_kind).toBeUndefined();
  expect(close?.sentences[2]).toContain("which may be chance");
  expect(verdict({})).toBeUndefined();
});
