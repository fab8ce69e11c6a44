import { type Matrix, matrix } from "../../numerics/matrix.ts";
import { seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import { type CrossPredictOptions, crossPredict } from "../cross-predict.ts";
import { meanModelAuc } from "../metrics/auc.ts";
import { measureCalibration } from "../metrics/calibration.ts";
import type { Split } from "../protocols/split.ts";
import type { Router } from "../router.ts";
import { publishBlocks, publishedRouter } from "../routers/published.ts";

export interface HiddenBlockScores {
  readonly brier: number;
  readonly ece: number;
  readonly accuracy: number;
  readonly auc_within_models: number;
}

/** How well results of models on tasks that they never ran are predicted; means over draws. */
export interface HiddenBlocksReport {
  /** Share of the known (model, task) blocks that were hidden. */
  readonly share: number;
  readonly blocks: number;
  readonly draws: number;
  readonly routers: Readonly<Record<string, HiddenBlockScores>>;
}

const HIDDEN_SHARE = 0.3;
// A suite has few blocks, so that one draw says little.
const DRAWS = 3;

/**
 * Hides whole blocks, all results of one model on one task, from training, and judges the probabilities on the hidden
 * results of prompts that were not trained on either. What public results look like: no model ran everywhere.
 */
export async function evaluateHiddenBlocks(
  dataset: Dataset,
  splits: readonly Split[],
  routers: readonly Router[],
  fitting: CrossPredictOptions,
): Promise<HiddenBlocksReport> {
  const { seed, onProgress = () => {} } = fitting;
  const sums = new Map<string, HiddenBlockScores[]>();
  let blocks = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    const hidden = drawBlocks(dataset, seed + draw);
    const masked = { ...dataset, outcomes: keepWhere(dataset, (cell) => !hidden.has(cell)) };
    const predictions = await crossPredict(masked, splits, routers, {
      ...fitting,
      onProgress: (done, total, what) => onProgress(done + draw * total, DRAWS * total, what),
    });
    const isHidden = (task: number, model: number) => hidden.has(task * dataset.models.length + model);
    const published = publishedRouter(publishBlocks(dataset, isHidden, seed + draw));
    const told = await crossPredict(masked, splits, [published], { seed });
    const truth = keepWhere(dataset, (cell) => hidden.has(cell));
    for (const [name, { pCorrect }] of [...predictions.routers, ...told.routers]) {
      if (pCorrect === undefined) continue;
      const { brier, ece, accuracy } = measureCalibration(pCorrect, truth);
      const scores = { brier, ece, accuracy, auc_within_models: meanModelAuc(pCorrect, truth) };
      sums.set(name, [...(sums.get(name) ?? []), scores]);
    }
    blocks = hidden.size;
  }
  return {
    share: HIDDEN_SHARE,
    blocks,
    draws: DRAWS,
    routers: Object.fromEntries(Array.from(sums, ([name, scores]) => [name, meanScores(scores)])),
  };
}

function meanScores(draws: readonly HiddenBlockScores[]): HiddenBlockScores {
  const mean = (name: keyof HiddenBlockScores) =>
    draws.reduce((sum, scores) => sum + scores[name], 0) / draws.length;
  return {
    brier: mean("brier"),
    ece: mean("ece"),
    accuracy: mean("accuracy"),
    auc_within_models: mean("auc_within_models"),
  };
}

/** Cells (task * models + model), at random; a model keeps at least one block, a task at least two. */
function drawBlocks({ outcomes, taskOf, models, tasks }: Dataset, seed: number): ReadonlySet<number> {
  const known = new Set<number>();
  for (let k = 0; k < outcomes.data.length; k++) {
    if (Number.isNaN(outcomes.data[k])) continue;
    known.add(taskOf[Math.floor(k / models.length)] * models.length + (k % models.length));
  }
  const random = seededRandom(seed);
  const ofModel = new Int32Array(models.length);
  const ofTask = new Int32Array(tasks.length);
  for (const cell of known) {
    ofModel[cell % models.length] += 1;
    ofTask[Math.floor(cell / models.length)] += 1;
  }
  const drawn = [...known].sort((a, b) => a - b).map((cell) => ({ cell, key: random() }));
  const hidden = new Set<number>();
  for (const { cell } of drawn.sort((a, b) => a.key - b.key)) {
    if (hidden.size >= HIDDEN_SHARE * known.size) break;
    const [m, d] = [cell % models.length, Math.floor(cell / models.length)];
    if (ofModel[m] < 2 || ofTask[d] < 3) continue;
    ofModel[m] -= 1;
    ofTask[d] -= 1;
    hidden.add(cell);
  }
  return hidden;
}

function keepWhere({ taskOf, models, outcomes }: Dataset, keep: (cell: number) => boolean): Matrix {
  const data = outcomes.data.map((value, k) =>
    keep(taskOf[Math.floor(k / models.length)] * models.length + (k % models.length)) ? value : Number.NaN,
  );
  return matrix(outcomes.rows, outcomes.columns, data);
}
