import { Worker } from "node:worker_threads";
import type { FuzzReport } from "./fuzz-target.ts";

/** What the thread is told and what it answers with. */
export interface ThreadTask {
  readonly target: string;
  readonly seed: number;
  readonly runs: number;
  readonly milliseconds?: number;
  readonly shared: SharedArrayBuffer;
}

// One input may take two seconds before it is called slow; what takes this long will not end.
const HANGS_AFTER_MS = 120_000;
const MAX_HEAP_MEGABYTES = 1024;
const SHARED_BYTES = 4 * 1024 ** 2;

/** Layout of the shared memory: [0] how many inputs were begun, [1] bytes of the latest; the input from byte 8 on. */
export function writeShared(shared: SharedArrayBuffer, input: Uint8Array): void {
  const head = new Int32Array(shared, 0, 2);
  const length = Math.min(input.length, shared.byteLength - 8);
  new Uint8Array(shared, 8).set(input.subarray(0, length));
  Atomics.store(head, 1, length);
  Atomics.add(head, 0, 1);
}

/**
 * Fuzzes one target in a thread of its own, which is ended where an input hangs or takes all memory; that input is
 * then what broke it.
 */
export function fuzzInThread(task: Omit<ThreadTask, "shared">): Promise<FuzzReport> {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const head = new Int32Array(shared, 0, 2);
  const worker = new Worker(new URL("thread.ts", import.meta.url), {
    workerData: { ...task, shared } satisfies ThreadTask,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
  });
  return new Promise((resolve) => {
    let last = -1;
    const timer = setInterval(() => {
      const tried = Atomics.load(head, 0);
      if (tried === last) end(`it was still running after ${HANGS_AFTER_MS / 1000} s`);
      last = tried;
    }, HANGS_AFTER_MS);
    function end(error: string) {
      clearInterval(timer);
      void worker.terminate();
      const input = new Uint8Array(shared, 8, Atomics.load(head, 1)).slice();
      const tried = Atomics.load(head, 0);
      const broken = [{ input, error }];
      resolve({ target: task.target, tried, accepted: 0, refused: {}, broken, corpus: 0, slowestMs: 0 });
    }
    worker.once("message", (report: FuzzReport) => {
      clearInterval(timer);
      resolve(report);
    });
    worker.once("error", (error) =>
      end(`the thread ended: ${error instanceof Error ? error.message : error}`),
    );
  });
}
