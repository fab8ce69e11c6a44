import type { Catalogue } from "../../core/catalogue.ts";
import { expectedUsd } from "../../core/cost.ts";
import { resolveRule } from "../../core/decide.ts";
import { type Candidate, type ChoiceRule, choose, type RequestedRule } from "../../core/policy.ts";
import type { Prediction, Predictor, WordsPrediction, WordsPredictor } from "../../core/predictor.ts";
import { isSafeByWords } from "../../core/words-first.ts";
import { matrix, row } from "../../numerics/matrix.ts";
import type { Dataset } from "../../training/dataset.ts";
import { takeLexicalView } from "../../training/words/lexical-view.ts";
import { prepareBootstrap } from "../metrics/bootstrap.ts";
import { measureCalibration } from "../metrics/calibration.ts";

/** Rules that are measured, by name. */
export const measuredRules: Readonly<Record<string, RequestedRule>> = {
  quality: { kind: "quality" },
  "spend .2": { kind: "spend", spend: 0.2 },
  "spend .5": { kind: "spend", spend: 0.5 },
  "tolerance .02": { kind: "tolerance", tolerance: 0.02 },
  "min_p_correct .7": { kind: "min_p_correct", minPCorrect: 0.7 },
};

/** Decisions of prompts that a router has not seen: by words where that is safe, and always by both views. */
export interface WordsFirstScores {
  /** Share of the prompts that words decided. */
  readonly by_words: number;
  /** Share of all prompts for which another model was chosen than by both views. */
  readonly changed: number;
  readonly score: number;
  readonly score_both: number;
  /** score - score_both, with a paired bootstrap over prompts. */
  readonly difference: number;
  readonly difference_ci95: readonly [number, number];
  /** Mean USD that the choices are expected to cost, by both views. */
  readonly usd: number;
  readonly usd_both: number;
  /** Of the probabilities that were told, and of those of both views. */
  readonly ece: number;
  readonly ece_both: number;
  readonly brier: number;
  readonly brier_both: number;
}

/** What came of each judged prompt under one rule. */
export interface Judged {
  readonly isByWords: boolean;
  readonly model: string;
  readonly modelOfBoth: string;
  readonly usd: number;
  readonly usdOfBoth: number;
  readonly told: Float64Array;
  readonly toldByBoth: Float64Array;
  /** [models of the predictor] NaN where unknown. */
  readonly outcomes: Float64Array;
}

/**
 * Decides each prompt by each rule, among the models whose outcome is known.
 * @param test prompts that the predictor has not seen, with embeddings of both views
 * @param rules by name
 * @returns by rule, as far as the bundle knows its numbers
 */
export function judgePrompts(
  predictor: Predictor & { readonly words: WordsPredictor },
  test: Dataset,
  catalogue: Catalogue,
  rules: Readonly<Record<string, RequestedRule>>,
): ReadonlyMap<string, readonly Judged[]> {
  const { words, models } = predictor;
  const columns = models.map((model) => test.models.indexOf(model));
  const views = takeLexicalView(test, words.view).embeddings;
  const resolved = Object.entries(rules).flatMap(([name, asked]) => {
    const rule = resolveRule(predictor, asked);
    return rule.ok ? [{ name, rule: rule.value, judged: [] as Judged[] }] : [];
  });
  for (let i = 0; i < test.ids.length; i++) {
    const known = row(test.outcomes, i);
    const outcomes = Float64Array.from(columns, (column) => (column < 0 ? Number.NaN : known[column]));
    const candidatesOf = (prediction: Prediction) =>
      candidates(prediction, models, outcomes, catalogue, test.inputTokens[i]);
    const short = words.predict(row(views, i));
    const long = predictor.predict(row(test.embeddings, i));
    const [byWords, byBoth] = [candidatesOf(short), candidatesOf(long)];
    if (byWords.length === 0) continue;
    for (const { rule, judged } of resolved)
      judged.push(judge(rule, { predictor, short, long, byWords, byBoth, outcomes }));
  }
  return new Map(resolved.map(({ name, judged }) => [name, judged]));
}

interface Predicted {
  readonly predictor: Predictor & { readonly words: WordsPredictor };
  readonly short: WordsPrediction;
  readonly long: Prediction;
  readonly byWords: readonly Candidate[];
  readonly byBoth: readonly Candidate[];
  readonly outcomes: Float64Array;
}

function judge(rule: ChoiceRule, { predictor, short, long, byWords, byBoth, outcomes }: Predicted): Judged {
  const [first, whole] = [choose(byWords, rule), choose(byBoth, rule)];
  if (!first.ok || !whole.ok) throw new RangeError("a prompt has no candidates");
  const isByWords = isSafeByWords(predictor, short, first.value.ranking, rule);
  const { model } = (isByWords ? first : whole).value.chosen;
  return {
    isByWords,
    model,
    modelOfBoth: whole.value.chosen.model,
    usd: byBoth.find((candidate) => candidate.model === model)?.expectedUsd ?? Number.NaN,
    usdOfBoth: whole.value.chosen.expectedUsd,
    told: isByWords ? short.pCorrect : long.pCorrect,
    toldByBoth: long.pCorrect,
    outcomes,
  };
}

export function scoreWordsFirst(
  judged: readonly Judged[],
  models: readonly string[],
  seed: number,
): WordsFirstScores {
  const scoreOf = (model: string, outcomes: Float64Array) => outcomes[models.indexOf(model)];
  const scores = Float64Array.from(judged, ({ model, outcomes }) => scoreOf(model, outcomes));
  const inFull = Float64Array.from(judged, ({ modelOfBoth, outcomes }) => scoreOf(modelOfBoth, outcomes));
  const differences = scores.map((score, i) => score - inFull[i]);
  const told = measureTold(judged, ({ told }) => told);
  const toldByBoth = measureTold(judged, ({ toldByBoth }) => toldByBoth);
  return {
    by_words: mean(judged.map(({ isByWords }) => Number(isByWords))),
    changed: mean(judged.map(({ model, modelOfBoth }) => Number(model !== modelOfBoth))),
    score: mean(scores),
    score_both: mean(inFull),
    difference: mean(differences),
    difference_ci95: prepareBootstrap(Int32Array.from(judged.keys()), seed).interval95(differences),
    usd: mean(judged.map(({ usd }) => usd)),
    usd_both: mean(judged.map(({ usdOfBoth }) => usdOfBoth)),
    ece: told.ece,
    ece_both: toldByBoth.ece,
    brier: told.brier,
    brier_both: toldByBoth.brier,
  };
}

function measureTold(judged: readonly Judged[], toldOf: (judged: Judged) => Float64Array) {
  const columns = judged[0]?.outcomes.length ?? 0;
  const predicted = matrix(judged.length, columns);
  const outcomes = matrix(judged.length, columns);
  judged.forEach((one, i) => {
    predicted.data.set(toldOf(one), i * columns);
    outcomes.data.set(one.outcomes, i * columns);
  });
  return measureCalibration(predicted, outcomes);
}

function candidates(
  { pCorrect, decisionScore, outputTokens }: Prediction,
  models: readonly string[],
  outcomes: Float64Array,
  catalogue: Catalogue,
  inputTokens: number,
): readonly Candidate[] {
  return models.flatMap((model, m) => {
    const priced = catalogue.models[model];
    if (priced === undefined || Number.isNaN(outcomes[m])) return [];
    const usage = { inputTokens, cachedInputTokens: 0, outputTokens: outputTokens[m] };
    return [
      {
        model,
        pCorrect: pCorrect[m],
        decisionScore: decisionScore[m],
        expectedUsd: expectedUsd(priced, usage),
      },
    ];
  });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}
