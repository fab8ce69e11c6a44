import { jointPosterior, type ScoreCovariance } from "../../core/paper/joint-posterior.ts";
import { posteriorMean, surprisedPosterior } from "../../core/paper/posterior.ts";
import { type Matrix, takeRows } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import type { CrossPredictions } from "../cross-predict.ts";
import { measureCovariance } from "./score-covariance.ts";
import { bestModel, meansOn } from "./task-choice.ts";

/** Mean scores over tasks, by number of labeled prompts. */
export interface FewLabelsReport {
  readonly labels: readonly number[];
  readonly draws: number;
  /** The best model on average: what there is without labels and without a router. */
  readonly bma: number;
  /** The best model of each task, known. */
  readonly best_per_task: number;
  /** Ways of choosing -> score at each number of labels. */
  readonly curves: Readonly<Record<string, readonly number[]>>;
}

const LABELS = [0, 5, 10, 20, 40, 80] as const;
// Ten draws leave an error of .003, as much as separates the ways.
const DRAWS = 40;
/** Of a small task at most this share is labeled: the rest must still tell models apart. */
const MOST_LABELED = 0.5;

/**
 * One task at a time is new: some of its prompts, drawn at random, are labeled, and the rest are routed. Predictions
 * must be those of a leave-one-task-out run.
 *
 * The ways, each with predictions g of a router: `labels` chooses one model by its posterior mean, with the training
 * mean as prior; `<router>` with the mean prediction on the task as prior, where labels count as far as they surprise;
 * `<router> jointly` with that prior and the covariance of the models over other tasks; `<router> per prompt` lets
 * each prompt deviate from that posterior as the router predicts.
 *
 * @param groupOf [prompts] tasks of one group never teach each other
 */
export function evaluateFewLabels(
  predictions: CrossPredictions,
  groupOf: Int32Array,
  seed: number,
): FewLabelsReport {
  const { dataset } = predictions;
  const tasks = dataset.tasks
    .map((_, d) => Int32Array.from(dataset.taskOf.keys()).filter((i) => dataset.taskOf[i] === d))
    .filter((prompts) => prompts.length > 1);
  const groupsOfTasks = tasks.map((prompts) => groupOf[prompts[0]]);
  const covariances = new Map(
    [...new Set(groupsOfTasks)].map((group) => [
      group,
      measureCovariance(
        dataset,
        tasks.filter((_, d) => groupsOfTasks[d] !== group),
      ),
    ]),
  );
  const sums = new Map<string, Float64Array>();
  const add = (name: string, step: number, score: number) => {
    const sum = sums.get(name) ?? new Float64Array(LABELS.length);
    sums.set(name, sum);
    sum[step] += score / (DRAWS * tasks.length);
  };
  const random = seededRandom(seed);
  tasks.forEach((prompts, d) => {
    const covariance = covariances.get(groupsOfTasks[d]) as ScoreCovariance;
    const priors = predictedMeans(predictions, prompts);
    for (let draw = 0; draw < DRAWS; draw++) {
      const order = permutation(prompts.length, random).map((k) => prompts[k]);
      LABELS.forEach((wanted, step) => {
        const labels = Math.min(wanted, Math.floor(prompts.length * MOST_LABELED));
        const task = {
          all: prompts,
          labeled: order.subarray(0, labels),
          rest: order.subarray(labels),
          covariance,
          priors,
        };
        for (const [name, score] of scoreWays(predictions, task)) add(name, step, score);
      });
    }
  });
  const curveOf = (name: string) => Array.from(sums.get(name) as Float64Array);
  const ways = [...sums.keys()].filter((name) => name !== "bma" && name !== "best_per_task");
  return {
    labels: LABELS,
    draws: DRAWS,
    bma: curveOf("bma")[0],
    best_per_task: curveOf("best_per_task")[0],
    curves: Object.fromEntries(ways.map((name) => [name, curveOf(name)])),
  };
}

interface LabeledTask {
  readonly all: Int32Array;
  readonly labeled: Int32Array;
  readonly rest: Int32Array;
  /** Measured without this task. */
  readonly covariance: ScoreCovariance;
  /** Router -> [models] its mean prediction on the task; routers without probabilities are left out. */
  readonly priors: ReadonlyMap<string, readonly number[]>;
}

function predictedMeans(
  { routers }: CrossPredictions,
  prompts: Int32Array,
): ReadonlyMap<string, readonly number[]> {
  const means = new Map<string, readonly number[]>();
  for (const [name, { pCorrect }] of routers) {
    if (pCorrect !== undefined) means.set(name, columnsAt(pCorrect, prompts).map(mean));
  }
  return means;
}

function scoreWays(
  { dataset, routers, bestSingle }: CrossPredictions,
  { all, labeled, rest, covariance, priors: priorsOf }: LabeledTask,
): readonly (readonly [string, number])[] {
  const { models, outcomes } = dataset;
  const results = meansOn(dataset, rest);
  const averages = columnsAt(bestSingle, all.subarray(0, 1)).map((column) => column[0]);
  const taskScore = (values: ArrayLike<number>) => results[bestModel(values, results, averages, models)];
  const scores = columnsAt(outcomes, labeled);
  const ways: [string, number][] = [
    ["bma", taskScore(averages)],
    ["best_per_task", taskScore(meansOn(dataset, all))],
    ["labels", taskScore(models.map((_, m) => posteriorMean(averages[m], scores[m] as Float64Array)))],
  ];
  for (const [name, { pCorrect }] of routers) {
    const priors = priorsOf.get(name);
    if (pCorrect === undefined || priors === undefined) continue;
    const predicted = columnsAt(pCorrect, labeled);
    const posterior = priors.map((prior, m) =>
      surprisedPosterior(prior, scores[m] as Float64Array, predicted[m] as Float64Array),
    );
    const jointly = jointPosterior(priors, takeRows(outcomes, labeled).data, covariance);
    ways.push([name, taskScore(posterior)]);
    ways.push([`${name} jointly`, taskScore(jointly)]);
    ways.push([`${name} per prompt`, scorePerPrompt(dataset, pCorrect, rest, jointly, priors, averages)]);
  }
  return ways;
}

/** Each prompt goes to the model with the largest posterior plus the prediction's deviation from its mean. */
function scorePerPrompt(
  dataset: Dataset,
  pCorrect: Matrix,
  prompts: Int32Array,
  posterior: Float64Array,
  priors: readonly number[],
  averages: readonly number[],
): number {
  const { models, outcomes } = dataset;
  const values = new Float64Array(models.length);
  let sum = 0;
  for (const i of prompts) {
    const start = i * models.length;
    const own = outcomes.data.subarray(start, start + models.length);
    for (let m = 0; m < models.length; m++) {
      values[m] = posterior[m] + pCorrect.data[start + m] - priors[m];
    }
    sum += own[bestModel(values, own, averages, models)];
  }
  return sum / prompts.length;
}

/** [columns][rows] */
function columnsAt({ columns, data }: Matrix, rows: Int32Array): Float64Array[] {
  return Array.from({ length: columns }, (_, m) => {
    const column = new Float64Array(rows.length);
    for (let k = 0; k < column.length; k++) column[k] = data[rows[k] * columns + m];
    return column;
  });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
