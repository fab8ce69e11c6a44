import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a provider does with a hostile request is written into it. */
export type Wanted = "stall" | "over-limit" | "die-mid-stream";

/** Against whom, with which key, and the key of another caller, which strangers try to guess. */
export interface Attack {
  readonly origin: string;
  readonly models: readonly string[];
  readonly own: string;
  readonly others: string;
}

interface Attackers {
  /** Ends them; how many requests had which status, 0 for connections that ended without one. */
  stop(): Promise<ReadonlyMap<number, number>>;
}

/** Everything at once that a caller with one key, and strangers without one, can do to others. */
export function startAttackers(attack: Attack): Attackers {
  const thread = new Worker(new URL("attack.ts", import.meta.url), { workerData: attack });
  return {
    async stop() {
      thread.postMessage("stop");
      const [answers] = (await once(thread, "message")) as [readonly (readonly [number, number])[]];
      await thread.terminate();
      return new Map(answers);
    },
  };
}
