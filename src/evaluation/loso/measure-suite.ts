import { catalogueWithoutPrices } from "../../core/catalogue.ts";
import type { Predictor, WordsPredictor } from "../../core/predictor.ts";
import { type Matrix, matrix, row } from "../../numerics/matrix.ts";
import { bestObserved } from "../../training/choose-observed.ts";
import { takeModels } from "../../training/dataset.ts";
import { meanModelAuc } from "../metrics/auc.ts";
import { prepareBootstrap } from "../metrics/bootstrap.ts";
import { measureCalibration } from "../metrics/calibration.ts";
import { judgePrompts, scoreWordsFirst, type WordsFirstScores } from "../words/measure-words-first.ts";
import type { SuiteReport } from "./report.ts";
import type { Suite } from "./suite.ts";

/** Judges a router on a suite that it was not trained on. */
export function measureSuite(predictor: Predictor, suite: Suite, seed: number): SuiteReport {
  const models = suite.dataset.models.filter((model) => predictor.models.includes(model));
  const { embeddings, outcomes } = takeModels(suite.dataset, models);
  const places = models.map((model) => predictor.models.indexOf(model));
  const judged = Array.from({ length: outcomes.rows }, (_, i) => i).filter((i) =>
    row(outcomes, i).some((value) => !Number.isNaN(value)),
  );
  const pCorrect = matrix(judged.length, models.length);
  const known = matrix(judged.length, models.length);
  const familiarity = new Float64Array(judged.length);
  const routed = new Float64Array(judged.length);
  judged.forEach((i, k) => {
    const prediction = predictor.predict(row(embeddings, i));
    familiarity[k] = prediction.familiarity;
    known.data.set(row(outcomes, i), k * models.length);
    pCorrect.data.set(
      places.map((place) => prediction.pCorrect[place]),
      k * models.length,
    );
    routed[k] = bestObserved(row(known, k), (m) => prediction.decisionScore[places[m]]);
  });
  const always = (score: (m: number) => number) =>
    Float64Array.from(judged, (_, k) => bestObserved(row(known, k), score));
  const onAverage = always((m) => predictor.priors[places[m]]);
  const means = columnMeansOfKnown(known);
  const gains = routed.map((score, k) => score - onAverage[k]);
  const { brier, ece, reliability } = measureCalibration(pCorrect, known);
  return {
    suite: suite.name,
    prompts: judged.length,
    models,
    routed: mean(routed),
    best_on_average: mean(onAverage),
    best_single: mean(always((m) => means[m])),
    gain: mean(gains),
    gain_ci95: prepareBootstrap(Int32Array.from(judged.keys()), seed).interval95(gains),
    brier,
    brier_constant: varianceOfKnown(known),
    ece,
    auc_within_models: meanModelAuc(pCorrect, known),
    reliability,
    mean_familiarity: mean(familiarity),
    unfamiliarity_and_error: correlateWithError(familiarity, pCorrect, known),
    ...(predictor.words === undefined
      ? {}
      : { words_first: measureWordsFirst({ ...predictor, words: predictor.words }, suite, seed) }),
  };
}

function measureWordsFirst(
  predictor: Predictor & { readonly words: WordsPredictor },
  { dataset }: Suite,
  seed: number,
): WordsFirstScores {
  const catalogue = catalogueWithoutPrices(predictor.models);
  const judged = judgePrompts(predictor, dataset, catalogue, { quality: { kind: "quality" } });
  return scoreWordsFirst(judged.get("quality") ?? [], predictor.models, seed);
}

function correlateWithError(familiarity: Float64Array, pCorrect: Matrix, outcomes: Matrix): number {
  const pairs: (readonly [number, number])[] = [];
  outcomes.data.forEach((y, k) => {
    if (Number.isNaN(y)) return;
    pairs.push([1 - familiarity[Math.floor(k / outcomes.columns)], (pCorrect.data[k] - y) ** 2]);
  });
  const meanX = mean(pairs.map(([x]) => x));
  const meanY = mean(pairs.map(([, y]) => y));
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

function varianceOfKnown({ data }: Matrix): number {
  const known = data.filter((value) => !Number.isNaN(value));
  const center = mean(known);
  return mean(known.map((value) => (value - center) ** 2));
}

function columnMeansOfKnown({ columns, data }: Matrix): Float64Array {
  return Float64Array.from({ length: columns }, (_, m) =>
    mean(data.filter((value, k) => k % columns === m && !Number.isNaN(value))),
  );
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k] as number;
  return sum / values.length;
}
