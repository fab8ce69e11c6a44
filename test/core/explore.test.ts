import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Exploring, explore } from "../../src/core/explore.ts";
import { type Candidate, type ChoiceRule, choose } from "../../src/core/policy.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });
const candidates = fc.uniqueArray(
  fc.record({
    model: fc.string({ minLength: 1, maxLength: 3 }),
    pCorrect: share,
    decisionScore: share,
    expectedUsd: fc.double({ min: 0, max: 0.1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 8, selector: ({ model }) => model },
);
const rules: fc.Arbitrary<ChoiceRule> = fc.oneof(
  fc.constant({ kind: "quality" } as const),
  share.map((tolerance) => ({ kind: "tolerance", tolerance }) as const),
  share.map((minPCorrect) => ({ kind: "min_p_correct", minPCorrect }) as const),
  fc
    .double({ min: 1e-6, max: 10, noNaN: true })
    .map((lambdaUsd) => ({ kind: "lambda_usd", lambdaUsd }) as const),
);
const exploring: fc.Arbitrary<Exploring> = fc.record({
  share: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
  maxPLoss: share,
  maxUsd: fc.double({ min: 0, max: 0.1, noNaN: true }),
});

function rankingOf(all: readonly Candidate[], rule: ChoiceRule): readonly Candidate[] {
  const choice = choose(all, rule);
  if (!choice.ok) throw new Error(choice.failure.message);
  return choice.value.ranking;
}

describe("explore", () => {
  it("stays within its bounds and those of the rule, whatever is drawn", () => {
    fc.assert(
      fc.property(
        candidates,
        rules,
        exploring,
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (all, rule, bounds, draw) => {
          const ranking = rankingOf(all, rule);
          const [chosen] = ranking as [Candidate];
          const explored = explore(ranking, rule, bounds, draw);
          if (explored === undefined || explored.drawn === chosen) return;
          const { drawn } = explored;
          expect(drawn.pCorrect).toBeGreaterThanOrEqual(chosen.pCorrect - bounds.maxPLoss);
          expect(drawn.expectedUsd).toBeLessThanOrEqual(bounds.maxUsd);
          if (rule.kind === "min_p_correct") expect(drawn.pCorrect).toBeGreaterThanOrEqual(rule.minPCorrect);
          if (rule.kind === "tolerance") {
            const best = Math.max(...all.map(({ decisionScore }) => decisionScore));
            expect(drawn.decisionScore).toBeGreaterThanOrEqual(best - rule.tolerance);
          }
        },
      ),
    );
  });

  it("says with which probability it drew what it drew", () => {
    fc.assert(
      fc.property(candidates, rules, exploring, (all, rule, bounds) => {
        const ranking = rankingOf(all, rule);
        const draws = 10_000;
        const counts = new Map<string, { times: number; propensity: number }>();
        for (let i = 0; i < draws; i++) {
          const explored = explore(ranking, rule, bounds, (i + 0.5) / draws);
          if (explored === undefined) return;
          const { propensity } = explored.exploration;
          const { times } = counts.get(explored.drawn.model) ?? { times: 0 };
          counts.set(explored.drawn.model, { times: times + 1, propensity });
        }
        // A grid of draws meets each interval to within two of its points.
        for (const { times, propensity } of counts.values())
          expect(Math.abs(times / draws - propensity)).toBeLessThanOrEqual(2 / draws);
      }),
      { numRuns: 50 },
    );
  });

  it("draws nobody where the rule found nobody who meets it, where there is one, and where it is off", () => {
    const three: readonly Candidate[] = [0.6, 0.55, 0.5].map((pCorrect, m) => ({
      model: `m${m}`,
      pCorrect,
      decisionScore: pCorrect,
      expectedUsd: 0.001,
    }));
    const all = { share: 0.5, maxPLoss: 1, maxUsd: 1 };
    expect(explore(three, { kind: "quality" }, all, 0.49)?.drawn.model).toBe("m2");
    expect(explore(three, { kind: "min_p_correct", minPCorrect: 0.7 }, all, 0)).toBeUndefined();
    expect(explore(three.slice(0, 1), { kind: "quality" }, all, 0)).toBeUndefined();
    expect(explore(three, { kind: "quality" }, { ...all, share: 0 }, 0)).toBeUndefined();
  });
});
