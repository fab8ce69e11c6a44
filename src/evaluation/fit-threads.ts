import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { FitJob, FitTask } from "./fit-and-predict.ts";
import type { RouterPredictions } from "./router.ts";

/** Threads that fit routers, each one job at a time. */
export interface FitThreads {
  /** One function a thread; it rejects with what the job threw, and then the thread is dead. */
  readonly runners: readonly ((job: FitJob) => Promise<RouterPredictions>)[];
  /** Ends the threads, whatever they are doing. */
  close(): Promise<void>;
}

// This file is TypeScript in the repository and JavaScript in the package, and so is the thread's.
const threadFile = new URL(`./fit-thread${extname(import.meta.url)}`, import.meta.url);

/** Starts threads that know the task and the routers of the registry. Each holds a copy of the dataset. */
export function openFitThreads(task: FitTask, count: number): FitThreads {
  const workers = Array.from({ length: count }, () => new Worker(threadFile, { workerData: task }));
  return {
    runners: workers.map((worker) => async (job) => {
      worker.postMessage(job);
      const [predictions] = await once(worker, "message");
      return predictions as RouterPredictions;
    }),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
