import { setTimeout as sleep } from "node:timers/promises";
import { type Account, CloudflareRefusal } from "./account.ts";

/** One request to a Worker, as Cloudflare saw it. */
export interface TailedRequest {
  readonly path: string;
  /** When it came, milliseconds since 1970. */
  readonly at: number;
  /** Undefined where the tail names none. */
  readonly cpuMs: number | undefined;
  readonly outcome: string;
}

/** What a Worker answers from now on, told by Cloudflare some seconds later. */
interface Tail {
  /** All that was told, once `isEnough` or the time is over. */
  until(
    isEnough: (requests: readonly TailedRequest[]) => boolean,
    limitMs: number,
  ): Promise<readonly TailedRequest[]>;
  close(): Promise<void>;
}

/** As docs of `wrangler tail --format json` have it; only what is used here. */
interface Trace {
  readonly outcome: string;
  readonly eventTimestamp?: number;
  readonly cpuTime?: number;
  readonly event?: { readonly request?: { readonly url?: string } };
}

// The protocol by which Wrangler listens too.
const PROTOCOL = "trace-v1";
const OPEN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** For those whose login may not listen. */
const silent: Tail = { until: async () => [], close: async () => undefined };

/** Listens to a Worker. Where Cloudflare refuses or the connection fails nothing is told, and nobody waits for it. */
export async function openTail(account: Account, name: string): Promise<Tail> {
  const path = `/workers/scripts/${name}/tails`;
  let opened: { readonly id: string; readonly url: string };
  try {
    opened = await account.ask(path, { method: "POST", json: { filters: [] } });
  } catch (error) {
    if (error instanceof CloudflareRefusal) return silent;
    throw error;
  }
  const { id, url } = opened;
  const requests: TailedRequest[] = [];
  const socket = new WebSocket(url, PROTOCOL);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    const found = requestOf(typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer));
    if (found !== undefined) requests.push(found);
  });
  const isOpen = await Promise.race([
    new Promise<boolean>((resolve) => {
      socket.addEventListener("open", () => resolve(true));
      socket.addEventListener("error", () => resolve(false));
    }),
    sleep(OPEN_MS, false, { ref: false }),
  ]);
  if (isOpen) socket.send(JSON.stringify({ debug: false }));
  return {
    async until(isEnough, limitMs) {
      const end = Date.now() + (isOpen ? limitMs : 0);
      while (!isEnough(requests) && Date.now() < end) await sleep(LOOK_EVERY_MS);
      return requests;
    },
    async close() {
      socket.close();
      // A tail has an end of its own (`expires_at`): what was measured isn't worth less where it can't be ended now.
      await account.ask(`${path}/${id}`, { method: "DELETE" }).catch((error: unknown) => {
        if (!(error instanceof CloudflareRefusal)) throw error;
      });
    },
  };
}

function requestOf(message: string): TailedRequest | undefined {
  const { outcome, eventTimestamp = 0, cpuTime, event } = JSON.parse(message) as Trace;
  const url = event?.request?.url;
  if (url === undefined) return undefined;
  return { path: new URL(url).pathname, at: eventTimestamp, cpuMs: cpuTime, outcome };
}
