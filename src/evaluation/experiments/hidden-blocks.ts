import type { Dataset } from "../../training/dataset.ts";
import { type Matrix, matrix } from "../../training/matrix.ts";
import { seededRandom } from "../../training/random.ts";
import { crossPredict, type FitProgress } from "../cross-predict.ts";
import { meanModelAuc } from "../metrics/auc.ts";
import { measureCalibration } from "../metrics/calibration.ts";
import type { Split } from "../protocols/split.ts";
import type { Router } from "../router.ts";

/** How well results of models on tasks they never ran are predicted. */
export interface HiddenBlocksReport {
  /** Share of the known (model, task) blocks that were hidden. */
  readonly share: number;
  readonly blocks: number;
  readonly routers: Readonly<
    Record<
      string,
      { readonly brier: number; readonly ece: number; readonly accuracy: number; readonly auc: number }
    >
  >;
}

const HIDDEN_SHARE = 0.3;

/**
 * Hides whole blocks, all results of one model on one task, from training, and judges the probabilities on the hidden
 * results of prompts that were not trained on either. What public results look like: no model ran everywhere.
 */
export async function evaluateHiddenBlocks(
  dataset: Dataset,
  splits: readonly Split[],
  routers: readonly Router[],
  seed: number,
  onProgress?: FitProgress,
): Promise<HiddenBlocksReport> {
  const hidden = drawBlocks(dataset, seed);
  const masked = { ...dataset, outcomes: keepWhere(dataset, dataset.outcomes, (cell) => !hidden.has(cell)) };
  const predictions = await crossPredict(masked, splits, routers, seed, onProgress);
  const truth = keepWhere(dataset, dataset.outcomes, (cell) => hidden.has(cell));
  const reports = Array.from(predictions.routers, ([name, { pCorrect }]) => {
    if (pCorrect === undefined) return [];
    const { brier, ece, accuracy } = measureCalibration(pCorrect, truth);
    return [[name, { brier, ece, accuracy, auc: meanModelAuc(pCorrect, truth) }] as const];
  });
  return { share: HIDDEN_SHARE, blocks: hidden.size, routers: Object.fromEntries(reports.flat()) };
}

/** Cells (task * models + model), at random; a model keeps at least one block, a task at least two. */
function drawBlocks({ outcomes, taskOf, models, tasks }: Dataset, seed: number): ReadonlySet<number> {
  const known = new Set<number>();
  for (let k = 0; k < outcomes.data.length; k++) {
    if (Number.isNaN(outcomes.data[k])) continue;
    known.add((taskOf[Math.floor(k / models.length)] as number) * models.length + (k % models.length));
  }
  const random = seededRandom(seed);
  const ofModel = new Int32Array(models.length);
  const ofTask = new Int32Array(tasks.length);
  for (const cell of known) {
    ofModel[cell % models.length] = (ofModel[cell % models.length] as number) + 1;
    ofTask[Math.floor(cell / models.length)] = (ofTask[Math.floor(cell / models.length)] as number) + 1;
  }
  const drawn = [...known].sort((a, b) => a - b).map((cell) => ({ cell, key: random() }));
  const hidden = new Set<number>();
  for (const { cell } of drawn.sort((a, b) => a.key - b.key)) {
    if (hidden.size >= HIDDEN_SHARE * known.size) break;
    const [m, d] = [cell % models.length, Math.floor(cell / models.length)];
    if ((ofModel[m] as number) < 2 || (ofTask[d] as number) < 3) continue;
    ofModel[m] = (ofModel[m] as number) - 1;
    ofTask[d] = (ofTask[d] as number) - 1;
    hidden.add(cell);
  }
  return hidden;
}

function keepWhere({ taskOf, models }: Dataset, source: Matrix, keep: (cell: number) => boolean): Matrix {
  const data = source.data.map((value, k) =>
    keep((taskOf[Math.floor(k / models.length)] as number) * models.length + (k % models.length))
      ? value
      : Number.NaN,
  );
  return matrix(source.rows, source.columns, data);
}
