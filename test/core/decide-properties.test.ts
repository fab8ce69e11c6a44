import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CatalogueModel, catalogueWithoutPrices } from "../../src/core/catalogue.ts";
import { type DecisionRequest, decide } from "../../src/core/decide.ts";
import { type Candidate, type ChoiceRule, choose } from "../../src/core/policy.ts";
import type { Prediction, Predictor } from "../../src/core/predictor.ts";
import { recommendForTask } from "../../src/core/task.ts";

// Few different values, so that ties of every kind are common.
const share = fc.constantFrom(0, 0.25, 0.5, 0.5 + 2 ** -53, 0.75, 1);
const usd = fc.constantFrom(0, 0.001, 0.002, 1);
const rules: fc.Arbitrary<ChoiceRule> = fc.oneof(
  fc.constant({ kind: "quality" } as const),
  fc.record({ kind: fc.constant("tolerance" as const), tolerance: share }),
  fc.record({ kind: fc.constant("min_p_correct" as const), minPCorrect: share }),
  fc.record({ kind: fc.constant("lambda_usd" as const), lambdaUsd: fc.constantFrom(1e-9, 0.004, 1, 1e9) }),
);
const candidates: fc.Arbitrary<Candidate[]> = fc.uniqueArray(
  fc.record({
    model: fc.constantFrom(..."abcdefgh"),
    pCorrect: share,
    decisionScore: share,
    expectedUsd: usd,
  }),
  { selector: ({ model }) => model, minLength: 1, maxLength: 8 },
);
const withOrder = candidates.chain((list) =>
  fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
);

describe("the choice", () => {
  it("is the same in whatever order the candidates stand", () => {
    fc.assert(
      fc.property(withOrder, rules, ([list, shuffled], rule) => {
        expect(choose(shuffled, rule)).toEqual(choose(list, rule));
      }),
      { numRuns: 2000 },
    );
  });

  it("breaks ties by the lower price, then by the first name", () => {
    fc.assert(
      fc.property(candidates, rules, (list, rule) => {
        const choice = choose(list, rule);
        const { chosen } = choice.ok ? choice.value : expect.unreachable();
        const twins = list.filter(
          ({ pCorrect, decisionScore }) =>
            pCorrect === chosen.pCorrect && decisionScore === chosen.decisionScore,
        );
        for (const twin of twins) {
          expect(twin.expectedUsd).toBeGreaterThanOrEqual(chosen.expectedUsd);
          if (twin.expectedUsd === chosen.expectedUsd) expect(chosen.model <= twin.model).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const sick = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const perhapsSick = (healthy: fc.Arbitrary<number>) => fc.oneof({ weight: 3, arbitrary: healthy }, sick);
const forecasts = fc.uniqueArray(
  fc.record({
    model: fc.constantFrom(..."abcdef"),
    p: perhapsSick(share),
    score: perhapsSick(share),
    tokens: perhapsSick(fc.constantFrom(0, 10, 1000)),
    price: perhapsSick(fc.constantFrom(0, 1, 10)),
  }),
  { selector: ({ model }) => model, minLength: 1, maxLength: 6 },
);
type Forecast = { model: string; p: number; score: number; tokens: number; price: number };

function decideOn(list: readonly Forecast[], rule: ChoiceRule, maxUsd?: number) {
  const models = list.map(({ model }) => model);
  const predictor = { models, tasks: [], lambdaUsdOfSpend: () => undefined } as unknown as Predictor;
  const prediction: Prediction = {
    pCorrect: Float64Array.from(list, ({ p }) => p),
    decisionScore: Float64Array.from(list, ({ score }) => score),
    outputTokens: Float64Array.from(list, ({ tokens }) => tokens),
    familiarity: 1,
    onAverage: false,
    nearestTasks: [],
  };
  const free = catalogueWithoutPrices(models);
  const catalogue = {
    ...free,
    models: Object.fromEntries(
      list.map(({ model, price }) => [
        model,
        {
          ...(free.models[model] as CatalogueModel),
          price: { input: price, cachedInput: price, output: price },
        },
      ]),
    ),
  };
  const request: DecisionRequest = {
    inputTokens: 100,
    require: { capabilities: [] },
    rule,
    ...(maxUsd === undefined ? {} : { maxUsd }),
  };
  return decide(predictor, catalogue, prediction, request);
}

describe("what is not a number", () => {
  it("never wins, never is ranked, and changes nothing for the others", () => {
    fc.assert(
      fc.property(forecasts, rules, fc.option(usd, { nil: undefined }), (list, rule, maxUsd) => {
        const decision = decideOn(list, rule, maxUsd);
        const healthy = list.filter(({ p, score, price }) => [p, score, price].every(Number.isFinite));
        if (!decision.ok) {
          const { code } = decision.failure;
          expect(code).toBe(healthy.length === 0 ? "no_candidates" : "price_ceiling");
          return;
        }
        const { model, ranking, pCorrect, expectedUsd } = decision.value;
        expect(healthy.map((each) => each.model)).toContain(model);
        expect([pCorrect, expectedUsd].every(Number.isFinite)).toBe(true);
        for (const each of ranking) {
          expect([each.pCorrect, each.decisionScore, each.expectedUsd].every(Number.isFinite)).toBe(true);
        }
        const alone = decideOn(healthy, rule, maxUsd);
        expect(alone.ok && { model: alone.value.model, ranking: alone.value.ranking }).toEqual({
          model,
          ranking,
        });
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the model for a whole task", () => {
  const predictorOf = (entries: readonly (readonly [string, number])[]) =>
    ({
      models: entries.map(([model]) => model),
      priors: entries.map(([, p]) => p),
      predict: () => ({ pCorrect: Float64Array.from(entries, ([, p]) => p), familiarity: 1 }),
    }) as unknown as Predictor;
  const entries = fc.uniqueArray(fc.tuple(fc.constantFrom(..."abcdef"), share), {
    selector: ([model]) => model,
    minLength: 1,
  });

  it("is the first of its own ranking, in whatever order the bundle has its models", () => {
    fc.assert(
      fc.property(
        entries.chain((list) => fc.shuffledSubarray(list, { minLength: list.length })),
        (shuffled) => {
          const prompts = [{ embedding: new Float32Array(4) }];
          const { model, scores } = recommendForTask(predictorOf(shuffled), prompts, Math.random);
          expect(scores[0]?.model).toBe(model);
          const sorted = shuffled.toSorted(([a], [b]) => (a < b ? -1 : 1));
          expect(recommendForTask(predictorOf(sorted), prompts, Math.random).model).toBe(model);
        },
      ),
    );
  });
});
