import { kvKeys, type Pointer, parsePointer } from "../../src/contract/pointer.ts";
import type { SoakWorker } from "./soak-worker.ts";

/** A pointer, and when it may have become the live one. */
export interface Move {
  /** When the command began that moved it, and when the new pointer was read back. */
  readonly begunAt: number;
  readonly seenAt: number;
  readonly pointer: Pointer;
}

export interface Publisher {
  /** The pointers so far, the first one being that of the start. */
  readonly moves: readonly Move[];
  readonly commands: ReadonlyMap<string, number>;
  /** Commands that ended with another code than 0. */
  readonly failures: readonly string[];
  /** Ends after the command under way. */
  stop(): Promise<void>;
}

/** Publishes, tries canaries, promotes and rolls back in turn, through the real command line. */
export async function startPublisher(worker: SoakWorker, pauseMs: number): Promise<Publisher> {
  const [a, b, c] = worker.routers;
  const turns: readonly (readonly string[])[] = [
    ["publish", b.folder],
    ["publish", c.folder, "--canary", "30"],
    ["promote"],
    ["publish", a.folder, "--canary", "50"],
    ["rollback"],
    ["rollback"],
    ["publish", a.folder, "--shadow"],
    ["publish", a.folder],
  ];
  const moves: Move[] = [{ begunAt: 0, seenAt: 0, pointer: await readActive(worker) }];
  const commands = new Map<string, number>();
  const failures: string[] = [];
  let stopped = false;
  const done = (async () => {
    for (let k = 0; !stopped; k++) {
      const turn = turns[k % turns.length] as readonly string[];
      const name = [turn[0], ...turn.slice(2, 3)].join(" ");
      const begunAt = Date.now();
      try {
        await worker.signalbox(...turn);
      } catch (error) {
        failures.push(`${name}: ${String(error).slice(0, 300)}`);
      }
      moves.push({ begunAt, pointer: await readActive(worker), seenAt: Date.now() });
      commands.set(name, (commands.get(name) ?? 0) + 1);
      for (let waited = 0; waited < pauseMs && !stopped; waited += 100) await pause(100);
    }
  })();
  return {
    moves,
    commands,
    failures,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

async function readActive({ workerd }: SoakWorker): Promise<Pointer> {
  const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX")) as unknown as {
    get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  };
  const bytes = await kv.get(kvKeys.active, "arrayBuffer");
  if (bytes === null) throw new Error("nothing is live");
  const pointer = parsePointer(new Uint8Array(bytes));
  if (!pointer.ok) throw new Error(pointer.failure.message);
  return pointer.value;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
