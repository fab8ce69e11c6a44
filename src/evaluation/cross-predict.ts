import { type Matrix, matrix, row } from "../numerics/matrix.ts";
import { type Dataset, takePrompts } from "../training/dataset.ts";
import { type FitJob, type FitTask, prepareFits } from "./fit-and-predict.ts";
import { type FitThreads, openFitThreads } from "./fit-threads.ts";
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

export interface CrossPredictOptions {
  readonly seed: number;
  /** Threads that fit at the same time; with more than one, routers must be those of the registry. 1 by default. */
  readonly threads?: number;
  readonly onProgress?: FitProgress;
}

/**
 * Fits every router on the training prompts of every split, and predicts its test prompts. The number of threads
 * changes nothing but the time it takes.
 *
 * @throws what a router throws
 */
export async function crossPredict(
  dataset: Dataset,
  splits: readonly Split[],
  routers: readonly Router[],
  { seed, threads = 1, onProgress = () => {} }: CrossPredictOptions,
): Promise<CrossPredictions> {
  const tested = Int32Array.from(splits.flatMap(({ test }) => Array.from(test))).sort();
  const positions = new Int32Array(dataset.ids.length).fill(-1);
  for (let position = 0; position < tested.length; position++) positions[tested[position]] = position;
  const rowsOf = splits.map(({ test }) => test.map((i) => positions[i]));
  const parts = new Map<string, Partial<Record<keyof RouterPredictions, Matrix>>>(
    routers.map(({ name }) => [name, {}]),
  );
  const jobs = splits.flatMap((_, split) => routers.map(({ name }): FitJob => ({ router: name, split })));
  await runJobs(jobs, { dataset, splits, seed }, routers, threads, {
    onStart: ({ router, split }, done) =>
      onProgress(done, jobs.length, `${router} without ${splits[split]?.name}`),
    onPredicted: ({ router, split }, predictions) => {
      const gathered = parts.get(router) as Partial<Record<keyof RouterPredictions, Matrix>>;
      for (const key of ["decisionScore", "pCorrect", "outputTokens"] as const) {
        const values = predictions[key];
        if (values === undefined) continue;
        gathered[key] ??= matrix(tested.length, values.columns);
        scatterRows(values, rowsOf[split] as Int32Array, gathered[key]);
      }
    },
  });
  onProgress(jobs.length, jobs.length, "");
  return {
    dataset: takePrompts(dataset, tested),
    routers: parts as ReadonlyMap<string, RouterPredictions>,
    ...(await predictWithoutRouting(dataset, splits, rowsOf, seed)),
  };
}

interface JobEvents {
  /** @param done jobs that have ended */
  onStart(job: FitJob, done: number): void;
  onPredicted(job: FitJob, predictions: RouterPredictions): void;
}

/** Every thread takes the next job as soon as it has ended one. */
async function runJobs(
  jobs: readonly FitJob[],
  task: FitTask,
  routers: readonly Router[],
  threads: number,
  { onStart, onPredicted }: JobEvents,
): Promise<void> {
  const count = Math.min(threads, jobs.length);
  const { runners, close } = count > 1 ? openFitThreads(task, count) : fitHere(task, routers);
  const queue = jobs.values();
  let done = 0;
  try {
    await Promise.all(
      runners.map(async (run) => {
        for (const job of queue) {
          onStart(job, done);
          onPredicted(job, await run(job));
          done++;
        }
      }),
    );
  } finally {
    await close();
  }
}

function fitHere(task: FitTask, routers: readonly Router[]): FitThreads {
  const byName = new Map(routers.map((router) => [router.name, router]));
  const fitAndPredict = prepareFits(task);
  return {
    runners: [({ router, split }) => fitAndPredict(byName.get(router) as Router, split)],
    close: async () => {},
  };
}

/** What is known without looking at a prompt: the best model of the training prompts, and typical answer lengths. */
async function predictWithoutRouting(
  dataset: Dataset,
  splits: readonly Split[],
  rowsOf: readonly Int32Array[],
  seed: number,
): Promise<Pick<CrossPredictions, "bestSingle" | "typicalOutputTokens">> {
  const tested = rowsOf.reduce((sum, rows) => sum + rows.length, 0);
  const bestSingle = matrix(tested, dataset.models.length);
  const typicalOutputTokens = matrix(tested, dataset.models.length);
  for (const [k, { train, test }] of splits.entries()) {
    const rows = rowsOf[k] as Int32Array;
    const trainSet = takePrompts(dataset, train);
    const best = await bestSingleRouter.fit(trainSet, seed);
    scatterRows((await best.predict(takePrompts(dataset, test))).decisionScore, rows, bestSingle);
    const lengths = Float32Array.from(knownMeans(trainSet.outputTokens));
    for (const position of rows) typicalOutputTokens.data.set(lengths, position * lengths.length);
  }
  return { bestSingle, typicalOutputTokens };
}

function scatterRows(source: Matrix, rows: Int32Array, target: Matrix): void {
  for (let i = 0; i < source.rows; i++) {
    target.data.set(row(source, i), rows[i] * target.columns);
  }
}

/** [columns] means without NaN. */
function knownMeans({ columns, data }: Matrix): Float64Array {
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let k = 0; k < data.length; k++) {
    if (Number.isNaN(data[k])) continue;
    sums[k % columns] += data[k];
    counts[k % columns] += 1;
  }
  return sums.map((sum, m) => sum / counts[m]);
}
