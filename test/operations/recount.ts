import { expect } from "vitest";
import type { DecisionFacts } from "../../src/worker/records/analytics.ts";
import type { FeedbackColumns, LoggedRow } from "./report-rows.ts";

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]) => sum(values) / values.length;
export const near = (value: number) => expect.closeTo(value, 9);

/** Each decision that was a choice, with the score of its model's answer. */
export function joinGraded(all: readonly DecisionFacts[], scores: readonly FeedbackColumns[]) {
  const byDecision = new Map(all.map((row) => [row.decision, row]));
  return scores.flatMap(({ decision, model, score, embedding }) => {
    const row = byDecision.get(decision) as DecisionFacts;
    if (row.model !== model || row.reason === "kept_current") return [];
    return [
      { row, score, embedding, candidates: JSON.parse(row.candidates as string) as readonly LoggedRow[] },
    ];
  });
}

export type Graded = ReturnType<typeof joinGraded>[number];

/** The formulas of docs/report.md, written down once more. */
export function recount(graded: readonly Graded[], choiceOf: (one: Graded) => string) {
  const z = 1.959964;
  const n = graded.length;
  const logged = ({ candidates }: Graded, model: string) =>
    candidates.find(([name]) => name === model) as LoggedRow;
  const rows = graded.map((one) => {
    const choice = choiceOf(one);
    const [, p, usd, drawable] = logged(one, choice);
    const { policy_model, propensity } = one.row;
    const stratum = choice === policy_model ? "a" : drawable === 1 ? "d" : "u";
    const weight = one.row.model === choice ? 1 / (propensity as number) : 0;
    return { stratum, weight, score: one.score, p, usd };
  });
  type Row = (typeof rows)[number];
  const share = (stratum: string) => rows.filter((row) => row.stratum === stratum).length / n;
  const unknown = share("u");
  const stratified = (of: (row: Row) => number, pseudoOf: (own: readonly Row[]) => readonly number[]) =>
    Object.fromEntries(
      ["a", "d"].map((stratum) => {
        const every = rows.filter((row) => row.stratum === stratum);
        const own = every.filter(({ weight }) => weight > 0);
        const pseudo = every.length === 0 ? [0] : pseudoOf(every);
        const w = sum(own.map(({ weight }) => weight));
        const count = own.length === 0 ? 0 : w ** 2 / sum(own.map(({ weight }) => weight ** 2));
        const plain = own.length === 0 ? 0 : sum(own.map((row) => row.weight * of(row))) / w;
        // As if z squared more had been seen, half at each of two values.
        const total = count + z ** 2;
        const value = (count * plain + z ** 2 * mean(pseudo)) / total;
        const square = own.length === 0 ? 0 : sum(own.map((row) => row.weight * of(row) ** 2)) / w;
        const variance =
          ((count * square + z ** 2 * mean(pseudo.map((x) => x ** 2))) / total - value ** 2) / total;
        return [stratum, { plain, value, variance, shrunk: (count * plain) / total }];
      }),
    ) as Record<string, { plain: number; value: number; variance: number; shrunk: number }>;
  const spread = (values: readonly number[]) => mean(values.map((x) => (x - mean(values)) ** 2)) / n;
  const open = (strata: ReturnType<typeof stratified>) =>
    sum(["a", "d"].map((stratum) => share(stratum) ** 2 * (strata[stratum]?.variance ?? 0)));
  const around = (values: readonly number[], extra = 0) => {
    const half = z * Math.sqrt(spread(values) + extra);
    return { value: mean(values), low: mean(values) - half, high: mean(values) + half };
  };
  const byScore = stratified(
    ({ score }) => score,
    () => [0, 1],
  );
  const byError = stratified(
    ({ score, p }) => score - p,
    (own) => [0, 1].map((score) => score - mean(own.map(({ p }) => p))),
  );
  const measured = around(
    rows.map(({ stratum }) => byScore[stratum]?.value ?? 0),
    open(byScore),
  );
  const corrected = around(
    rows.map(({ stratum, p }) => p + (byError[stratum]?.value ?? 0)),
    open(byError),
  );
  const pOfUnknown = sum(rows.filter(({ stratum }) => stratum === "u").map(({ p }) => p)) / n;
  const plain = share("a") * (byScore["a"]?.plain ?? 0) + share("d") * (byScore["d"]?.plain ?? 0);
  const inside = (value: number) => near(Math.min(1, Math.max(0, value)));
  const all = ({ value, low, high }: ReturnType<typeof around>) => ({
    value: near(value),
    low: near(low),
    high: near(high),
  });
  return {
    direct: all(around(rows.map(({ p }) => p))),
    measured: {
      value: unknown === 0 ? near(plain) : null,
      low: inside(measured.low),
      high: inside(measured.high + unknown),
    },
    corrected: {
      value: inside(mean(rows.map(({ stratum, p }) => p + (byError[stratum]?.shrunk ?? 0)))),
      low: inside(corrected.low - pOfUnknown),
      high: inside(corrected.high + unknown - pOfUnknown),
    },
    usd: all(around(rows.map(({ usd }) => usd))),
    extrapolated_share: near(unknown),
    drawn_answers: rows.filter(({ stratum, weight }) => stratum === "d" && weight > 0).length,
  };
}
