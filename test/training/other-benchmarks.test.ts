import { expect, test } from "vitest";
import { linkBenchmarks } from "../../src/training/evidence/other-benchmarks.ts";

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** LLMs of ability -1 to 1; `exact` orders them as they are, `hard` too, lower, and `noise` says nothing. */
const abilities = Array.from({ length: 11 }, (_, m) => -1 + m / 5);
const priors = new Map(abilities.map((ability, m) => [`llm-${m}`, logistic(ability)]));
const scores = new Map(
  abilities.map((ability, m) => [
    `llm-${m}`,
    new Map([
      ["exact", logistic(ability)],
      ["hard", logistic(2 * ability - 1)],
      ["noise", m % 2 === 0 ? 0.3 : 0.7],
    ]),
  ]),
);

test("a score on another benchmark is brought onto our scale by the LLMs that have both", () => {
  const all = new Map([...scores, ["new", new Map([["hard", logistic(2 * 0.5 - 1)]])]]);
  const linked = linkBenchmarks(priors, all)("new");
  // `hard` is an exact line in logits; three digits leave room for clamping near 0.
  expect(linked?.score).toBeCloseTo(logistic(0.5), 3);
});

test("a benchmark that says nothing about the others' order is hardly believed", () => {
  const both = new Map([
    ["exact", logistic(0.5)],
    ["noise", 0.3],
  ]);
  const linked = linkBenchmarks(priors, new Map([...scores, ["new", both]]))("new");
  expect(linked?.score).toBeCloseTo(logistic(0.5), 2);
});

test("how far it is believed is its error on LLMs that were left out", () => {
  const far = new Map([...priors].map(([model, prior], m) => [model, m % 2 === 0 ? prior : 1 - prior]));
  const all = new Map([...scores, ["new", new Map([["exact", 0.5]])]]);
  const trusted = linkBenchmarks(priors, all)("new");
  const doubted = linkBenchmarks(far, all)("new");
  expect(trusted?.sd).toBeLessThan(0.05);
  expect(doubted === undefined || doubted.sd > 0.1).toBe(true);
});

test("too few in common, or no benchmark at all, say nothing", () => {
  const few = new Map([...scores].slice(0, 7));
  expect(
    linkBenchmarks(priors, new Map([...few, ["new", new Map([["exact", 0.5]])]]))("new"),
  ).toBeUndefined();
  expect(linkBenchmarks(priors, scores)("unknown")).toBeUndefined();
});
