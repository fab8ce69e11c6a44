import type { Catalogue } from "../../core/catalogue.ts";
import { expectedUsd } from "../../core/cost.ts";
import { HALF_TRUST, NEVER_SAFE, numberOf } from "../../core/landmark-predictor.ts";
import { assurance, marginOf, regretOf, type TaskBeliefs } from "../../core/margin.ts";
import type { Curve } from "../../core/math/curve.ts";
import { evaluateCurve } from "../../core/math/curve.ts";
import { type Candidate, type ChoiceRule, choose } from "../../core/policy.ts";
import { type Matrix, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../dataset.ts";
import type { LeftOutPredictions } from "../landmark-heads/fit-view.ts";

/** Mean score, over all decisions, that is given up for not running the transformer. */
export const SCORE_GIVEN_UP = 0.001;

/** Margins that a choice by words alone must have, by rule. Names are those of the bundle's header. */
export interface Safety {
  readonly quality: number;
  readonly tolerance: MarginCurve;
  readonly min_p_correct: MarginCurve;
  /** Absent without prices. */
  readonly log_lambda_usd?: MarginCurve;
}

interface MarginCurve {
  /** What the caller asks for, rising. */
  readonly at: readonly number[];
  readonly margin: readonly number[];
}

const TOLERANCES = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2] as const;
const LEAST_P_CORRECT = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97] as const;
const SPENDS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9] as const;
// Enough to see losses of a ten-thousandth, few enough that sorting them by twenty rules takes seconds.
const MOST_PROMPTS = 4000;

// The bound is to hold for other prompts too, not by the luck of these.
const STANDARD_ERRORS = 3;

interface Views {
  readonly train: Pick<Dataset, "models" | "inputTokens" | "outcomes">;
  /** Indices of the models that can be chosen. */
  readonly candidates: readonly number[];
  readonly words: LeftOutPredictions;
  /** [tasks, models] of the words' heads. */
  readonly taskTable: Matrix;
  readonly both: LeftOutPredictions;
  readonly catalogue?: Catalogue | undefined;
  /** The dial of the bundle. */
  readonly spend?: Curve | undefined;
}

/**
 * Learns for each rule which margin is enough. Prompts that were left out of both fits are decided by words and by both
 * views. What the first gives up is told by the scores of both views, which have far less noise than outcomes, times what a
 * difference of scores is worth in outcomes. The margin is the least at which the losses of all choices above it, over all
 * decisions, stay within the bound.
 */
export function fitSafety(views: Views): Safety {
  const { words, both, spend } = views;
  const { taskTable, train } = views;
  const columns = new Map(train.models.map((model, m) => [model, m]));
  const tasks = {
    table: taskTable.data,
    models: taskTable.columns,
    columnOf: ({ model }: Candidate) => columns.get(model) as number,
  };
  const sampled = everyNth(words.decisionScore.rows, MOST_PROMPTS);
  const prompts = sampled.map((i) => ({
    byWords: candidatesOf(views, words, i),
    byBoth: candidatesOf(views, both, i),
    familiarity: words.familiarity[i],
    trust: words.trust[i],
    memberships: row(words.memberships, i),
    tasks,
  }));
  const worth = worthOfScores(views.train.outcomes, words.decisionScore, both.decisionScore);
  const marginFor = (rule: ChoiceRule) => leastMargin(prompts, rule, SCORE_GIVEN_UP / worth);
  const curveOf = (rules: readonly ChoiceRule[]): MarginCurve => ({
    at: rules.map((rule) => numberOf(rule) as number),
    margin: rules.map(marginFor),
  });
  return {
    quality: marginFor({ kind: "quality" }),
    tolerance: curveOf(TOLERANCES.map((tolerance) => ({ kind: "tolerance", tolerance }))),
    min_p_correct: curveOf(LEAST_P_CORRECT.map((minPCorrect) => ({ kind: "min_p_correct", minPCorrect }))),
    ...(spend === undefined
      ? {}
      : {
          log_lambda_usd: curveOf(
            SPENDS.map((share) => ({ kind: "lambda_usd", lambdaUsd: Math.exp(evaluateCurve(spend, share)) })),
          ),
        }),
  };
}

/**
 * How much of a difference in outcomes a difference in scores stands for: the slope through all prompts that the two views
 * decide differently among the models that ran them, at least 1, and so many standard errors. Scores are shrunk, each for
 * itself, and their differences more so.
 */
function worthOfScores(outcomes: Matrix, byWords: Matrix, byBoth: Matrix): number {
  let products = 0;
  let squares = 0;
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < outcomes.rows; i++) {
    const observed = row(outcomes, i);
    const scores = row(byBoth, i);
    const [one, other] = [largestObserved(observed, row(byWords, i)), largestObserved(observed, scores)];
    if (one === other || one < 0) continue;
    const score = scores[other] - scores[one];
    const outcome = observed[other] - observed[one];
    pairs.push([score, outcome]);
    products += score * outcome;
    squares += score * score;
  }
  if (squares === 0) return 1;
  const slope = products / squares;
  const errors = pairs.reduce((sum, [score, outcome]) => sum + ((outcome - slope * score) * score) ** 2, 0);
  return Math.max(slope, 1) + (STANDARD_ERRORS * Math.sqrt(errors)) / squares;
}

/** Index of the model with the highest score among those with an outcome; -1 where there is none. */
function largestObserved(outcomes: Float32Array, scores: Float32Array): number {
  let best = -1;
  for (let m = 0; m < outcomes.length; m++) {
    if (!Number.isNaN(outcomes[m]) && (best < 0 || scores[m] > scores[best])) best = m;
  }
  return best;
}

interface Prompt {
  readonly byWords: readonly Candidate[];
  readonly byBoth: readonly Candidate[];
  readonly familiarity: number;
  readonly trust: number;
  readonly memberships: Float32Array;
  readonly tasks: Omit<TaskBeliefs, "memberships">;
}

/** @param bound mean loss over all prompts, in scores of both views */
function leastMargin(prompts: readonly Prompt[], rule: ChoiceRule, bound: number): number {
  const judged = prompts
    .filter(({ trust }) => trust >= HALF_TRUST)
    .map((prompt) => judge(prompt, rule))
    .sort((a, b) => b.assurance - a.assurance);
  let given = 0;
  let least = NEVER_SAFE;
  for (const { assurance: own, loss } of judged) {
    given += loss;
    if (given > bound * prompts.length) return least;
    least = own;
  }
  return least;
}

interface Judged {
  readonly assurance: number;
  /** What the choice by words gives up, by the scores of both views. */
  readonly loss: number;
}

function judge({ byWords, byBoth, familiarity, memberships, tasks }: Prompt, rule: ChoiceRule): Judged {
  const words = choose(byWords, rule);
  const both = choose(byBoth, rule);
  if (!words.ok || !both.ok) return { assurance: 0, loss: 0 };
  const { ranking } = words.value;
  const taken = byBoth.find(({ model }) => model === words.value.chosen.model) as Candidate;
  return {
    assurance: assurance(
      marginOf(ranking, rule),
      familiarity,
      Math.max(...memberships),
      regretOf(ranking, rule, { memberships, ...tasks }),
    ),
    // A dearer and better one than asked for makes up for nothing.
    loss: Math.max(0, worthBy(both.value.chosen, rule) - worthBy(taken, rule)),
  };
}

function worthBy({ pCorrect, decisionScore, expectedUsd }: Candidate, rule: ChoiceRule): number {
  switch (rule.kind) {
    case "min_p_correct":
      return pCorrect;
    case "lambda_usd":
      return decisionScore - expectedUsd / rule.lambdaUsd;
    default:
      return decisionScore;
  }
}

function candidatesOf(
  { train, candidates, catalogue }: Views,
  { pCorrect, decisionScore, outputTokens }: LeftOutPredictions,
  i: number,
): readonly Candidate[] {
  const at = (values: Matrix, m: number) => row(values, i)[m];
  return candidates.map((m) => {
    const model = train.models[m] as string;
    const known = catalogue?.models[model];
    return {
      model,
      pCorrect: at(pCorrect, m),
      decisionScore: at(decisionScore, m),
      expectedUsd:
        known === undefined
          ? 0
          : expectedUsd(known, {
              inputTokens: train.inputTokens[i],
              cachedInputTokens: 0,
              outputTokens: outputTokens === undefined ? Number.NaN : at(outputTokens, m),
            }),
    };
  });
}

/** At most `most` of the numbers below `count`, evenly. */
function everyNth(count: number, most: number): readonly number[] {
  const step = Math.max(1, count / most);
  return Array.from({ length: Math.min(count, most) }, (_, k) => Math.floor(k * step));
}
