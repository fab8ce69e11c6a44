import { expect, test } from "vitest";
import { type GradedDecision, observe, valueOfPolicy } from "../../src/core/policy-value.ts";

/** The rule chose `a`, which answered; `b` could have been drawn, and the bundle is sure of it. */
const decision: GradedDecision = {
  model: "a",
  score: 1,
  propensity: 0.99,
  policyModel: "a",
  candidates: [
    { model: "a", pCorrect: 0.9, expectedUsd: 0.002, couldBeDrawn: true },
    { model: "b", pCorrect: 0.95, expectedUsd: 0.001, couldBeDrawn: true },
  ],
};
const valueOfB = (decisions: readonly GradedDecision[]) =>
  valueOfPolicy(decisions.map((one) => observe(one, "b")));
const undrawn = Array.from({ length: 500 }, () => decision);

test("what could have been drawn and never was may score anything, however sure the bundle is", () => {
  const { measured, corrected, drawnAnswers } = valueOfB(undrawn);
  expect(drawnAnswers).toBe(0);
  expect(measured).toEqual({ value: null, low: 0, high: 1 });
  expect(corrected).toEqual({ value: expect.closeTo(0.95), low: expect.closeTo(0), high: 1 });
});

test("a few wrong answers leave little of the bundle's word, and both intervals hold what they are of", () => {
  const wrong: GradedDecision = { ...decision, model: "b", score: 0, propensity: 0.01 };
  const { measured, corrected } = valueOfB([...undrawn, ...Array.from({ length: 5 }, () => wrong)]);
  expect(corrected.value).toBeLessThan(0.5);
  for (const { low, high } of [measured, corrected]) {
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(0.3);
    expect(high).toBeLessThan(0.7);
  }
});
