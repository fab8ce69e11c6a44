import { once } from "node:events";
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { EncoderFiles } from "../encoder/files.ts";
import type { EncoderInput, EncoderSession } from "../encoder/session.ts";

// This file is TypeScript in the repository and JavaScript in the package, and so is the thread's.
const threadFile = new URL(`./portable-thread${extname(import.meta.url)}`, import.meta.url);

/** Each thread holds the weights and a runtime, some 80 MB; more of them than this gain little. */
const MOST_THREADS = 8;

/** Texts that can be embedded at once. */
export const threadCount = Math.min(availableParallelism(), MOST_THREADS);

/**
 * `createPortableSession` on a thread for each core, for many texts. A thread starts when there is work for it and
 * keeps the process from ending only while it computes.
 */
export function createPortableThreads({
  graph,
  weights,
}: Pick<EncoderFiles, "graph" | "weights">): EncoderSession {
  const idle: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  let started = 0;

  function take(): Worker | Promise<Worker> {
    const worker = idle.pop();
    if (worker !== undefined) return worker;
    if (started === threadCount) return new Promise((resolve) => waiting.push(resolve));
    return start();
  }

  function start(): Worker {
    started++;
    const worker = new Worker(threadFile, { workerData: { graph, weights } });
    worker.unref();
    return worker;
  }

  function giveBack(worker: Worker): void {
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else next(worker);
  }

  return {
    async embed(input: EncoderInput) {
      const worker = await take();
      worker.ref();
      try {
        worker.postMessage(input);
        const [embedding] = await once(worker, "message");
        giveBack(worker);
        return embedding as Float32Array;
      } catch (error) {
        // The thread is dead; whoever waits gets a new one.
        started--;
        if (waiting.length > 0) giveBack(start());
        throw error;
      } finally {
        worker.unref();
      }
    },
  };
}
