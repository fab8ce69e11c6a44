import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { type Exploring, explore } from "../../src/core/explore.ts";
import { type Candidate, type ChoiceRule, cheapestOf, choose } from "../../src/core/policy.ts";
import { type GradedDecision, observe, valueOfPolicy } from "../../src/core/policy-value.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { row } from "../../src/numerics/matrix.ts";
import { seededRandom } from "../../src/numerics/random.ts";
import { takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";

/**
 * Traffic whose every outcome is known: prompts of a benchmark that the router has not seen, drawn with replacement. What
 * is logged is one answer a prompt; what every policy truly scores is the mean over all prompts.
 */
const benchmark = unwrap(
  readBenchmark(readFileSync(new URL("../../models/benchmarks/llmrouter.safetensors", import.meta.url))),
);
const { dataset } = benchmark;
const every = (n: number, k: number) => Int32Array.from(dataset.ids.keys()).filter((i) => i % n === k);
const rule: ChoiceRule = { kind: "lambda_usd", lambdaUsd: 0.02 };
// USD a call: what a policy for the cheapest takes.
const priceOf = (model: number) => 0.0001 * (1 + ((model * 4) % 9));

/** One prompt of the traffic, with what every model answers. */
interface Prompt {
  readonly ranking: readonly Candidate[];
  readonly outcomeOf: (model: string) => number;
}
let prompts: readonly Prompt[];
let bestOnAverage: string;

beforeAll(async () => {
  const { encoder } = benchmark.header;
  const identity = { ...encoder, dimension: dataset.embeddings.columns };
  const bundle = unwrap(
    await fitRouter(takePrompts(dataset, every(2, 0)), identity, { kind: "landmark-heads", seed: 1 }),
  );
  const { models, priors, predict } = unwrap(loadPredictor(bundle));
  bestOnAverage = models.toSorted(
    (a, b) => at(priors, models.indexOf(b)) - at(priors, models.indexOf(a)),
  )[0] as string;
  prompts = Array.from(every(2, 1), (i): Prompt => {
    const { pCorrect, decisionScore } = predict(row(dataset.embeddings, i));
    const candidates = models.map((model, m) => ({
      model,
      pCorrect: at(pCorrect, m),
      decisionScore: at(decisionScore, m),
      expectedUsd: priceOf(m),
    }));
    const outcomes = row(dataset.outcomes, i);
    return {
      ranking: unwrap(choose(candidates, rule)).ranking,
      outcomeOf: (model) => at(outcomes, dataset.models.indexOf(model)),
    };
  });
});

function at<T>(values: ArrayLike<T>, index: number): T {
  return values[index] as T;
}

type Policy = (prompt: Prompt) => string;
const policies: Readonly<Record<string, Policy>> = {
  "the router": ({ ranking }) => at(ranking, 0).model,
  "always best": () => bestOnAverage,
  "always cheapest": ({ ranking }) => cheapestOf(ranking).model,
  "another router": ({ ranking }) =>
    at(
      ranking.toSorted((a, b) => b.decisionScore - a.decisionScore),
      0,
    ).model,
};

interface Simulated {
  /** Share of the repetitions whose interval has the truth in it. */
  readonly covered: { readonly direct: number; readonly measured: number; readonly corrected: number };
  /** Mean distance of the intervals' ends. */
  readonly width: { readonly measured: number; readonly corrected: number };
  readonly extrapolatedShare: number;
}

/** Traffic again and again, with what the Worker logs of it; one answer a decision is graded. */
function simulate(policy: Policy, exploring: Exploring, decisions = 1500, repetitions = 200): Simulated {
  const random = seededRandom(7);
  const traffic = prompts.map((prompt) => {
    const choice = policy(prompt);
    return { choice, score: prompt.outcomeOf(choice), decide: logger(prompt, exploring) };
  });
  const truth = mean(traffic.map(({ score }) => score));
  const values = Array.from({ length: repetitions }, () =>
    valueOfPolicy(
      Array.from({ length: decisions }, () => {
        const { choice, decide } = at(traffic, Math.floor(random() * traffic.length));
        return observe(decide(random()), choice);
      }),
    ),
  );
  type Kind = "direct" | "measured" | "corrected";
  const covered = (kind: Kind) =>
    mean(values.map(({ [kind]: { low, high } }) => Number(low <= truth && truth <= high)));
  const width = (kind: Kind) => mean(values.map(({ [kind]: { low, high } }) => high - low));
  return {
    covered: { direct: covered("direct"), measured: covered("measured"), corrected: covered("corrected") },
    width: { measured: width("measured"), corrected: width("corrected") },
    extrapolatedShare: mean(values.map(({ extrapolatedShare }) => extrapolatedShare)),
  };
}

/** A draw -> what the Worker logs of the decision, and the score of the one answer that was given. */
function logger({ ranking, outcomeOf }: Prompt, exploring: Exploring): (draw: number) => GradedDecision {
  const policyModel = at(ranking, 0).model;
  const among = explore(ranking, rule, exploring, 0)?.exploration.among ?? [];
  const candidates = ranking.map((one) => ({ ...one, couldBeDrawn: among.includes(one.model) }));
  return (draw) => {
    const { drawn, exploration } = explore(ranking, rule, exploring, draw) ?? {};
    const model = drawn?.model ?? policyModel;
    return {
      model,
      score: outcomeOf(model),
      propensity: exploration?.propensity ?? 1,
      policyModel,
      candidates,
    };
  };
}

const describeRow = (name: string, { covered, width, extrapolatedShare }: Simulated) =>
  [
    name.padEnd(16),
    ...[
      covered.direct,
      covered.measured,
      covered.corrected,
      width.measured,
      width.corrected,
      extrapolatedShare,
    ].map((value) => value.toFixed(3)),
  ].join("  ");

// 200 repetitions tell a coverage of .95 to .015.
describe.each([0.05, 0.2, 0.5])("with %d of the decisions drawn among all", (share) => {
  test.each(Object.entries(policies))(
    "intervals have the truth of %s in them 19 times of 20",
    (name, policy) => {
      const simulated = simulate(policy, { share, maxPLoss: 1, maxUsd: 1 });
      console.log(describeRow(`${share} ${name}`, simulated));
      expect(simulated.extrapolatedShare).toBe(0);
      for (const kind of ["measured", "corrected"] as const)
        expect(simulated.covered[kind], kind).toBeGreaterThanOrEqual(0.9);
    },
  );
});

// Where choices are out of reach, the truth is within what could be, and the interval says how little is known.
test.each(Object.entries(policies))(
  "without draws, nothing is claimed of %s that was not seen",
  (name, policy) => {
    const simulated = simulate(policy, { share: 0, maxPLoss: 0, maxUsd: 0 });
    console.log(describeRow(`0 ${name}`, simulated));
    for (const kind of ["measured", "corrected"] as const) {
      expect(simulated.covered[kind], kind).toBeGreaterThanOrEqual(0.9);
      expect(simulated.width[kind]).toBeGreaterThanOrEqual(simulated.extrapolatedShare);
    }
  },
);

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
