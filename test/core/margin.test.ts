import { describe, expect, test } from "vitest";
import { assurance, marginOf, regretOf } from "../../src/core/margin.ts";
import { type Candidate, type ChoiceRule, choose } from "../../src/core/policy.ts";
import { seededRandom } from "../../src/numerics/random.ts";

const rules: readonly ChoiceRule[] = [
  { kind: "quality" },
  { kind: "tolerance", tolerance: 0.05 },
  { kind: "tolerance", tolerance: 0 },
  { kind: "min_p_correct", minPCorrect: 0.6 },
  { kind: "min_p_correct", minPCorrect: 0.99 },
  { kind: "lambda_usd", lambdaUsd: 0.02 },
];
const random = seededRandom(3);

function drawCandidates(count: number): readonly Candidate[] {
  return Array.from({ length: count }, (_, m) => {
    const pCorrect = random();
    return { model: `m${m}`, pCorrect, decisionScore: pCorrect, expectedUsd: random() / 100 };
  });
}

function chosen(candidates: readonly Candidate[], rule: ChoiceRule): { model: string; margin: number } {
  const choice = choose(candidates, rule);
  if (!choice.ok) throw new Error(choice.failure.message);
  return { model: choice.value.chosen.model, margin: marginOf(choice.value.ranking, rule) };
}

function moved(candidates: readonly Candidate[], by: (m: number) => number): readonly Candidate[] {
  return candidates.map((candidate, m) => ({
    ...candidate,
    pCorrect: candidate.pCorrect + by(m),
    decisionScore: candidate.decisionScore + by(m),
  }));
}

test.each(rules)("no two numbers that are off by less than the margin change the choice, $kind", (rule) => {
  for (let round = 0; round < 300; round++) {
    const candidates = drawCandidates(2 + (round % 5));
    const { model, margin } = chosen(candidates, rule);
    expect(margin).toBeGreaterThanOrEqual(0);
    // Each off by less than half of it, so that no two are off by more against each other.
    const other = moved(candidates, () => (random() - 0.5) * 0.999 * margin);
    expect(chosen(other, rule).model).toBe(model);
  }
});

test.each(rules)("and some that are off by a little more than it do, $kind", (rule) => {
  for (let round = 0; round < 100; round++) {
    const candidates = drawCandidates(2 + (round % 5));
    const { model, margin } = chosen(candidates, rule);
    const own = candidates.findIndex((candidate) => candidate.model === model);
    const changes = candidates.some((_, m) =>
      [1, -1].some(
        (sign) =>
          chosen(
            moved(candidates, (k) => (k === m ? sign * 1.001 * margin : 0)),
            rule,
          ).model !== model,
      ),
    );
    expect(changes, JSON.stringify({ candidates, rule, own, margin })).toBe(true);
  }
});

test("where there is nothing else to choose, nothing can be off", () => {
  for (const rule of rules) expect(chosen(drawCandidates(1), rule).margin).toBe(Number.POSITIVE_INFINITY);
});

describe("regretOf", () => {
  // Two tasks; the first model is best in the first of them, the second one in the other.
  const table = [0.9, 0.5, 0.3, 0.7];
  const candidates = [0, 1].map((m) => ({ model: `m${m}`, pCorrect: 0, decisionScore: 0, expectedUsd: m }));
  const regret = (memberships: readonly number[], rule: ChoiceRule, ranking = candidates) =>
    regretOf(ranking, rule, {
      memberships,
      table,
      models: 2,
      columnOf: ({ model }) => Number(model.slice(1)),
    });

  test("is what the choice falls short of in the other tasks, as likely as they are", () => {
    expect(regret([1, 0], { kind: "quality" })).toBe(0);
    expect(regret([0.75, 0.25], { kind: "quality" })).toBeCloseTo(0.25 * 0.4, 12);
    expect(regret([0.75, 0.25], { kind: "quality" }, candidates.toReversed())).toBeCloseTo(0.75 * 0.4, 12);
  });

  test("counts by the rule", () => {
    expect(regret([0, 1], { kind: "tolerance", tolerance: 0.3 })).toBeCloseTo(0.1, 12);
    expect(regret([0, 1], { kind: "tolerance", tolerance: 0.5 })).toBe(0);
    expect(regret([0, 1], { kind: "min_p_correct", minPCorrect: 0.6 })).toBeCloseTo(0.3, 12);
    expect(regret([0, 1], { kind: "min_p_correct", minPCorrect: 0.2 })).toBe(0);
    expect(regret([0, 1], { kind: "lambda_usd", lambdaUsd: 10 })).toBeCloseTo(0.3, 12);
  });

  test("makes a choice less sure, as unfamiliar prompts and prompts of many tasks do", () => {
    const sure = assurance(0.1, 1, 1, 0);
    expect(sure).toBe(0.1);
    for (const less of [assurance(0.1, 0.9, 1, 0), assurance(0.1, 1, 0.9, 0), assurance(0.1, 1, 1, 0.01)])
      expect(less).toBeLessThan(sure);
  });
});
