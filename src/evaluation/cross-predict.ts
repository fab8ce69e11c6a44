import { type Dataset, takePrompts } from "../training/dataset.ts";
import { type Matrix, matrix, row } from "../training/matrix.ts";
import type { Split } from "./protocols/split.ts";
import type { Router, RouterPredictions } from "./router.ts";
import { bestSingleRouter } from "./routers/anchors.ts";

/** What every router said of every tested prompt, each by a fit that had not seen it. */
export interface CrossPredictions {
  /** The tested prompts, in the order of the full dataset. */
  readonly dataset: Dataset;
  readonly routers: ReadonlyMap<string, RouterPredictions>;
  /** Scores by which the best single model of the training prompts wins everywhere. */
  readonly bestSingle: Matrix;
  /** [prompts, models] mean answer length of the model on the training prompts; NaN where unknown. */
  readonly typicalOutputTokens: Matrix;
}

/** Told what is being fitted. */
export type FitProgress = (done: number, total: number, what: string) => void;

/** Fits every router on the training prompts of every split, and predicts its test prompts. */
export async function crossPredict(
  dataset: Dataset,
  splits: readonly Split[],
  routers: readonly Router[],
  seed: number,
  onProgress: FitProgress = () => {},
): Promise<CrossPredictions> {
  const tested = Int32Array.from(splits.flatMap(({ test }) => Array.from(test))).sort();
  const positions = new Int32Array(dataset.ids.length).fill(-1);
  for (let position = 0; position < tested.length; position++)
    positions[tested[position] as number] = position;
  const all = new Map([bestSingleRouter, ...routers].map((router) => [router.name, router]));
  const parts = new Map<string, Partial<Record<keyof RouterPredictions, Matrix>>>();
  const typicalOutputTokens = matrix(tested.length, dataset.models.length);
  let done = 0;
  for (const { name, train, test } of splits) {
    const trainSet = takePrompts(dataset, train);
    const testSet = takePrompts(dataset, test);
    const rows = test.map((i) => positions[i] as number);
    for (const router of all.values()) {
      onProgress(done++, splits.length * all.size, `${router.name} without ${name}`);
      const fitted = await router.fit(trainSet, seed);
      const predictions = await fitted.predict(testSet);
      const gathered = parts.get(router.name) ?? {};
      parts.set(router.name, gathered);
      for (const key of ["decisionScore", "pCorrect", "outputTokens"] as const) {
        const values = predictions[key];
        if (values === undefined) continue;
        gathered[key] ??= matrix(tested.length, values.columns);
        scatterRows(values, rows, gathered[key]);
      }
    }
    const lengths = matrix(1, dataset.models.length, Float32Array.from(knownMeans(trainSet.outputTokens)));
    for (const position of rows) typicalOutputTokens.data.set(lengths.data, position * lengths.columns);
  }
  onProgress(done, done, "");
  return {
    dataset: takePrompts(dataset, tested),
    routers: new Map(routers.map(({ name }) => [name, parts.get(name) as RouterPredictions])),
    bestSingle: parts.get(bestSingleRouter.name)?.decisionScore as Matrix,
    typicalOutputTokens,
  };
}

function scatterRows(source: Matrix, rows: Int32Array, target: Matrix): void {
  for (let i = 0; i < source.rows; i++) {
    target.data.set(row(source, i), (rows[i] as number) * target.columns);
  }
}

/** [columns] means without NaN. */
function knownMeans({ columns, data }: Matrix): Float64Array {
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) {
    if (Number.isNaN(data[k])) continue;
    sums[k % columns] = (sums[k % columns] as number) + (data[k] as number);
    counts[k % columns] = (counts[k % columns] as number) + 1;
  }
  return sums.map((sum, m) => sum / (counts[m] as number));
}
