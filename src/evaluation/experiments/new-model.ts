import { loadPredictor } from "../../core/bundle.ts";
import { type Matrix, row, takeColumns, takeRows } from "../../numerics/matrix.ts";
import { normal, permutation, seededRandom } from "../../numerics/random.ts";
import { addModel } from "../../training/add-model.ts";
import { chooseObserved, yieldOf } from "../../training/choose-observed.ts";
import { type Dataset, meanOutcomes, takeModels, takePrompts } from "../../training/dataset.ts";
import type { StatedScore } from "../../training/evidence/published-scores.ts";
import { PUBLISHED_SD } from "../../training/evidence/variances.ts";
import { fitRouter } from "../../training/fit-router.ts";
import { measureCalibration } from "../metrics/calibration.ts";
import type { Split } from "../protocols/split.ts";
import { fittedRouter } from "../routers/bundle.ts";

/** What a bundle that got one more LLM is worth. */
export interface NewModelScores {
  /** Score of what it chooses, the new LLM among the candidates. */
  readonly routed: number;
  /** Of the new LLM's probabilities. */
  readonly brier: number;
}

/** What adding one LLM to a fitted bundle is worth, by what is known of it. */
export interface NewModelReport {
  readonly model: string;
  /** Routed score of the bundle that doesn't know the model. */
  readonly without: number;
  /** Everything fitted again with all its outcomes. */
  readonly refitted: NewModelScores;
  /** By what is known, least first; means over draws. */
  readonly evidence: Readonly<Record<string, NewModelScores>>;
}

interface Known {
  readonly outcomes: number;
  readonly scores: "none" | "whole suite" | "each task";
}

/** Few outcomes, scores that others published, and both. */
const kinds: Readonly<Record<string, Known>> = {
  "10 outcomes": { outcomes: 10, scores: "none" },
  "30 outcomes": { outcomes: 30, scores: "none" },
  "100 outcomes": { outcomes: 100, scores: "none" },
  "300 outcomes": { outcomes: 300, scores: "none" },
  "1 published score": { outcomes: 0, scores: "whole suite" },
  "a published score a task": { outcomes: 0, scores: "each task" },
  "these and 100 outcomes": { outcomes: 100, scores: "each task" },
};
const DRAWS = 2;
/** From the best to the worst, evenly: more say little more, and each costs a fit. */
const MOST_MODELS = 9;

/** Leaves out models in turn and adds each again from what little is known; on one split. */
export async function evaluateNewModel(
  dataset: Dataset,
  { train, test }: Split,
  seed: number,
): Promise<readonly NewModelReport[]> {
  const [trainSet, testSet] = [takePrompts(dataset, train), takePrompts(dataset, test)];
  const whole = await fitBundle(trainSet, seed);
  const reports: NewModelReport[] = [];
  for (const model of spreadOut(dataset)) {
    const others = dataset.models.filter((name) => name !== model);
    const known = await fitBundle(takeModels(trainSet, others), seed);
    const random = seededRandom(seed);
    const evidence: Record<string, NewModelScores> = {};
    for (const [name, kind] of Object.entries(kinds)) {
      const draws: NewModelScores[] = [];
      for (let draw = 0; draw < DRAWS; draw++) {
        const bundle = await extended(known, trainSet, model, kind, random);
        draws.push(await scoresOf(bundle, testSet, model));
      }
      evidence[name] = { routed: meanOf(draws, "routed"), brier: meanOf(draws, "brier") };
    }
    reports.push({
      model,
      without: routedScore((await predictionsOf(known, testSet)).decisionScore, testSet),
      refitted: await scoresOf(whole, testSet, model),
      evidence,
    });
  }
  return reports;
}

/** Of the models, at most so many, evenly by how good they are. */
function spreadOut(dataset: Dataset): readonly string[] {
  const means = meanOutcomes(dataset);
  const byScore = dataset.models
    .map((model, m) => ({ model, mean: means[m] }))
    .sort((a, b) => b.mean - a.mean || (a.model < b.model ? -1 : 1));
  const count = Math.min(byScore.length, MOST_MODELS);
  return Array.from({ length: count }, (_, k) => byScore[Math.floor((k * byScore.length) / count)].model);
}

function meanOf(draws: readonly NewModelScores[], name: keyof NewModelScores): number {
  return draws.reduce((sum, scores) => sum + scores[name], 0) / draws.length;
}

async function extended(
  bundle: Uint8Array,
  train: Dataset,
  model: string,
  { outcomes: count, scores }: Known,
  random: () => number,
): Promise<Uint8Array> {
  const column = train.models.indexOf(model);
  const outcomeOf = (i: number) => row(train.outcomes, i)[column];
  const run = Int32Array.from(train.ids, (_, i) => i).filter((i) => !Number.isNaN(outcomeOf(i)));
  const drawn = permutation(run.length, random)
    .map((k) => run[k])
    .subarray(0, count);
  const added = addModel(bundle, {
    model,
    embeddings: takeRows(train.embeddings, drawn),
    outcomes: Float64Array.from(drawn, outcomeOf),
    scores: publishedScores(train, run, outcomeOf, scores, random),
  });
  if (!added.ok) throw new RangeError(added.failure.message);
  return added.value;
}

/** Mean outcomes as others would have published them: measured elsewhere, so that they are a little off. */
function publishedScores(
  { tasks, taskOf }: Dataset,
  run: Int32Array,
  outcomeOf: (i: number) => number,
  kind: Known["scores"],
  random: () => number,
): ReadonlyMap<string, StatedScore> {
  const stated = (prompts: Int32Array): StatedScore => {
    const mean = prompts.reduce((sum, i) => sum + outcomeOf(i), 0) / prompts.length;
    const score = Math.min(Math.max(mean + PUBLISHED_SD * normal(random), 0), 1);
    return { score, sd: PUBLISHED_SD };
  };
  if (kind === "none") return new Map();
  if (kind === "whole suite") return new Map([["*", stated(run)]]);
  return new Map(
    tasks.flatMap((task, d) => {
      const prompts = run.filter((i) => taskOf[i] === d);
      return prompts.length === 0 ? [] : [[task, stated(prompts)] as const];
    }),
  );
}

async function fitBundle(train: Dataset, seed: number): Promise<Uint8Array> {
  const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: train.embeddings.columns };
  const bundle = await fitRouter(train, encoder, { kind: "landmark-heads", neighbors: 5, seed });
  if (!bundle.ok) throw new RangeError(bundle.failure.message);
  return bundle.value;
}

async function scoresOf(bundle: Uint8Array, test: Dataset, model: string): Promise<NewModelScores> {
  const { pCorrect, decisionScore } = await predictionsOf(bundle, test);
  const column = [test.models.indexOf(model)];
  const { brier } = measureCalibration(takeColumns(pCorrect, column), takeColumns(test.outcomes, column));
  return { routed: routedScore(decisionScore, test), brier };
}

async function predictionsOf(bundle: Uint8Array, test: Dataset) {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) throw new RangeError(predictor.failure.message);
  const { pCorrect, decisionScore } = await fittedRouter(predictor.value).predict(test);
  if (pCorrect === undefined) throw new RangeError("the bundle gives no probabilities");
  return { pCorrect, decisionScore };
}

function routedScore(decisionScore: Matrix, { outcomes }: Dataset): number {
  const routed = yieldOf(chooseObserved(decisionScore, outcomes), outcomes);
  return routed.reduce((sum, value) => sum + value, 0) / routed.length;
}
