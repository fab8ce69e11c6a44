import { describe, expect, it } from "vitest";
import type { Catalogue, CatalogueModel } from "../../src/core/catalogue.ts";
import { catalogueNames, matchModels } from "../../src/core/catalogue.ts";
import { type DecisionRequest, decide } from "../../src/core/decide.ts";
import { type Candidate, choose } from "../../src/core/policy.ts";
import type { Prediction, Predictor } from "../../src/core/predictor.ts";

const candidate = (model: string, pCorrect: number, expectedUsd: number): Candidate => ({
  model,
  pCorrect,
  decisionScore: pCorrect,
  expectedUsd,
});
const three = [candidate("strong", 0.9, 10), candidate("middle", 0.85, 2), candidate("weak", 0.5, 0.1)];

describe("choose", () => {
  it.each([
    [{ kind: "quality" }, "strong", "highest_p_correct"],
    [{ kind: "tolerance", tolerance: 0.06 }, "middle", "cheapest_within_tolerance"],
    [{ kind: "tolerance", tolerance: 1 }, "weak", "cheapest_within_tolerance"],
    [{ kind: "min_p_correct", minPCorrect: 0.8 }, "middle", "cheapest_above_threshold"],
    [{ kind: "min_p_correct", minPCorrect: 0.99 }, "strong", "highest_p_correct"],
    [{ kind: "lambda_usd", lambdaUsd: 1000 }, "strong", "best_value"],
    [{ kind: "lambda_usd", lambdaUsd: 10 }, "middle", "best_value"],
    [{ kind: "lambda_usd", lambdaUsd: 1e-6 }, "weak", "best_value"],
  ] as const)("%o takes %s", (rule, model, reason) => {
    expect(choose(three, rule)).toMatchObject({ ok: true, value: { chosen: { model }, reason } });
  });

  it("does not depend on the order of the candidates, also in a tie", () => {
    const tied = [candidate("b", 0.7, 1), candidate("a", 0.7, 1), candidate("c", 0.7, 0.5)];
    for (const order of [tied, tied.toReversed()]) {
      const choice = choose(order, { kind: "quality" });
      expect(choice.ok && choice.value.ranking.map(({ model }) => model)).toEqual(["c", "a", "b"]);
    }
  });

  it("says when there is nothing to choose", () => {
    expect(choose([], { kind: "quality" })).toMatchObject({ ok: false, failure: { code: "no_candidates" } });
    expect(choose([candidate("a", 0.1, 1)], { kind: "quality" })).toMatchObject({
      value: { reason: "only_candidate" },
    });
  });
});

const model = (over: Partial<Catalogue["models"][string]> = {}): Catalogue["models"][string] => ({
  aliases: [],
  provider: "p",
  upstream: "u",
  price: { input: 1, cachedInput: 0.1, output: 2 },
  contextTokens: 1000,
  maxOutputTokens: 500,
  capabilities: [],
  unseenOutputTokens: 0,
  ...over,
});
const catalogue: Catalogue = {
  formatVersion: 1,
  pricesAsOf: "2025-06-30",
  providers: { p: { baseUrl: "https://example.com/v1", keyName: "KEY", surfaces: {} } },
  models: {
    "lab/large": model({
      aliases: ["big"],
      capabilities: ["vision", "tools"],
      price: { input: 10, cachedInput: 1, output: 20 },
    }),
    "lab/small": model({ contextTokens: 200 }),
    other: model({ capabilities: ["tools"], contextTokens: 5000 }),
  },
};

describe("matchModels", () => {
  const ids = Object.keys(catalogue.models);
  const names = catalogueNames(catalogue);
  it.each([
    [["*"], ids, []],
    [["lab/*"], ["lab/large", "lab/small"], []],
    [["big"], ["lab/large"], []],
    [["*a*e*"], ["lab/large"], []],
    [["l*e", "nope", "x*"], ["lab/large"], ["nope", "x*"]],
    [["lab/large*large"], [], ["lab/large*large"]],
    [["__proto__"], [], ["__proto__"]],
  ])("%j", (patterns, matched, unmatched) => {
    const match = matchModels(ids, names, patterns);
    expect([[...match.matched], match.unmatched]).toEqual([matched, unmatched]);
  });
  it("is fast on patterns that make backtracking slow", () => {
    const long = "a".repeat(2000);
    expect(matchModels([long], new Map(), [`${"*a".repeat(900)}*b`]).unmatched).toHaveLength(1);
  });
});

describe("decide", () => {
  const predictor: Predictor = {
    kind: "knn",
    models: ["lab/large", "lab/small", "other", "not in the catalogue"],
    tasks: [],
    encoder: { id: "e", checksum: "c", dimension: 4 },
    priors: [],
    header: {},
    predict: () => prediction,
    lambdaUsdOfSpend: () => undefined,
  };
  const prediction: Prediction = {
    pCorrect: Float64Array.of(0.8, 0.6, 0.7, 1),
    decisionScore: Float64Array.of(0.8, 0.6, 0.7, 1),
    outputTokens: Float64Array.of(100, 100, Number.NaN, 1),
    familiarity: 1,
    onAverage: false,
    nearestTasks: [],
  };
  const base: DecisionRequest = { inputTokens: 50, require: { capabilities: [] }, rule: { kind: "quality" } };
  const run = (over: Partial<DecisionRequest>, p = prediction) =>
    decide(predictor, catalogue, p, { ...base, ...over });

  it("has no candidate that has left its provider, and says so where none is left", () => {
    const retired = { ...catalogue.models["lab/large"], retiresOn: "2026-11-30", replacedBy: "other" };
    const models = { ...catalogue.models, "lab/large": retired as CatalogueModel };
    const on = (today: string, over: Partial<DecisionRequest> = {}) =>
      decide(predictor, { ...catalogue, models }, prediction, { ...base, ...over, today });
    expect(on("2026-11-29")).toMatchObject({ ok: true, value: { model: "lab/large" } });
    expect(on("2026-11-30")).toMatchObject({ ok: true, value: { model: "other" } });
    expect(on("2026-11-30", { models: ["big"] })).toMatchObject({
      ok: false,
      failure: {
        code: "no_candidates",
        message: expect.stringContaining("lab/large left its provider on 2026-11-30; its maker names other"),
      },
    });
  });

  it("chooses among the variants of an effort where one is asked for", () => {
    const variant = { of: "lab/large", effort: "low", request: { reasoning_effort: "low" } };
    const models = {
      ...catalogue.models,
      other: { ...catalogue.models["other"], variant } as CatalogueModel,
    };
    const at = (effort: string) =>
      decide(predictor, { ...catalogue, models }, prediction, { ...base, effort });
    expect(at("low")).toMatchObject({ ok: true, value: { model: "other", reason: "only_candidate" } });
    expect(at("high")).toMatchObject({
      failure: { message: 'no allowed model has the effort "high"; there are low', param: "effort" },
    });
    expect(run({ effort: "high" })).toMatchObject({
      failure: { message: expect.stringContaining("none of them has variants") },
    });
  });

  it("counts what the provider has read for another effort of the same model", () => {
    const variant = { of: "lab/large", effort: "low", request: { reasoning_effort: "low" } };
    const models = {
      ...catalogue.models,
      other: { ...(catalogue.models["lab/large"] as CatalogueModel), aliases: [], variant },
    };
    const usdOf = (currentModel: string) => {
      const decision = decide(predictor, { ...catalogue, models }, prediction, { ...base, currentModel });
      if (!decision.ok) throw new Error(decision.failure.message);
      return decision.value.ranking.find(({ model }) => model === "lab/large")?.expectedUsd;
    };
    expect(usdOf("other")).toBe(usdOf("lab/large"));
    expect(usdOf("lab/small")).toBeGreaterThan(usdOf("other") as number);
  });

  it("ranks the models that bundle and catalogue share, with prices from the catalogue", () => {
    expect(run({})).toMatchObject({
      ok: true,
      value: {
        model: "lab/large",
        pCorrect: 0.8,
        reason: "highest_p_correct",
        expectedUsd: (50 * 10 + 100 * 20) / 1e6,
      },
    });
  });

  it.each([
    [{ models: ["lab/*"], exclude: ["big"] }, "lab/small", "only_candidate"],
    [{ require: { capabilities: ["tools"] as const, contextTokens: 2000 } }, "other", "only_candidate"],
    [{ maxUsd: 0.002 }, "other", "highest_p_correct"],
    [{ rule: { kind: "spend", spend: 1 } as const }, "lab/large", "highest_p_correct"],
    [
      { rule: { kind: "tolerance", tolerance: 0.5 } as const, currentModel: "other" },
      "lab/small",
      "cheapest_within_tolerance",
    ],
    [{ currentModel: "lab/large" }, "lab/large", "kept_current"],
  ])("%o -> %s, %s", (over, chosen, reason) => {
    expect(run(over)).toMatchObject({ ok: true, value: { model: chosen, reason } });
  });

  it("counts the input of the current model at the cached price", () => {
    const cheaper = run({ currentModel: "lab/large" });
    expect(cheaper).toMatchObject({ value: { expectedUsd: (50 * 1 + 100 * 20) / 1e6 } });
  });

  it("says that trust decided", () => {
    expect(run({}, { ...prediction, onAverage: true })).toMatchObject({
      value: { reason: "best_on_average" },
    });
  });

  it.each([
    [{ models: ["gpt-99"] }, "unknown_model", "models"],
    [{ exclude: ["gpt-*"] }, "unknown_model", "exclude"],
    [{ exclude: ["*"] }, "no_candidates", "exclude"],
    [{ require: { capabilities: ["json"] as const } }, "no_candidates", "require"],
    [{ inputTokens: 9999 }, "context_too_long", "require.context_tokens"],
    [{ maxUsd: 0 }, "price_ceiling", "max_usd"],
    [{ rule: { kind: "spend", spend: 0.5 } as const }, "spend_not_calibrated", "spend"],
  ])("%o fails with %s", (over, code, param) => {
    expect(run(over)).toMatchObject({ ok: false, failure: { code, param } });
  });
});
