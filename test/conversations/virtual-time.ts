import { createHash, createHmac } from "node:crypto";

/**
 * Time that passes only when a test says so: minutes of waiting cost nothing, and a run is the same each time. Everything
 * that the Worker knows of time comes through `Date` and `setTimeout`, which belong to one clock at a time here.
 */
export class Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  get now(): number {
    return this.#now;
  }

  /** Timers that have neither run nor been taken back. */
  get waiting(): number {
    return this.#timers.size;
  }

  set(id: number, run: () => void, ms: number): void {
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), run });
  }

  clear(id: number): void {
    this.#timers.delete(id);
  }

  /** Lets everything happen that needs no time; what is left waits for time, or for somebody outside. */
  async quiet(): Promise<void> {
    current = this;
    for (let still = 0; still < STILL_TURNS; ) {
      await new Promise((resolve) => real.setImmediate(resolve));
      if (this.#runDue()) still = 0;
      else still++;
    }
  }

  /** On to the next timer, but no further than `end`; false where none is due by then. */
  async advance(end = Number.POSITIVE_INFINITY): Promise<boolean> {
    const next = Math.min(...[...this.#timers.values()].map(({ at }) => at));
    if (next > end || next === Number.POSITIVE_INFINITY) return false;
    this.#now = next;
    await this.quiet();
    return true;
  }

  async passTo(end: number): Promise<void> {
    while (await this.advance(end));
    this.#now = Math.max(this.#now, end);
  }

  #runDue(): boolean {
    const due = [...this.#timers].filter(([, { at }]) => at <= this.#now).sort(([, a], [, b]) => a.at - b.at);
    for (const [id, { run }] of due) if (this.#timers.delete(id)) run();
    return due.length > 0;
  }
}

// Promises are through within a turn of the event loop; streams of the platform hand on once or twice.
const STILL_TURNS = 3;

const real = { setTimeout, clearTimeout, Date, setImmediate };
let current: Clock | undefined;
let ids = 0;

/** Puts this process under virtual time; what comes back undoes it. */
export function installVirtualTime(): () => void {
  const clock = () => {
    if (current === undefined) throw new Error("no clock runs");
    return current;
  };
  const now = () => current?.now ?? real.Date.now();
  globalThis.Date = class extends real.Date {
    constructor(...values: readonly [] | readonly [string | number | Date]) {
      super(...((values.length === 0 ? [now()] : values) as [string | number | Date]));
    }
    static override now = now;
  } as DateConstructor;
  globalThis.setTimeout = ((run: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    clock().set(++ids, () => run(...values), ms);
    return ids;
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((id: number | undefined) => {
    if (id !== undefined) clock().clear(id);
  }) as typeof clearTimeout;
  const restoreHashes = hashOnThisThread();
  return () => {
    globalThis.Date = real.Date;
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    restoreHashes();
    current = undefined;
  };
}

/**
 * SHA-256 and HMAC-SHA-256 at once, where the platform would make the same bytes on another thread: nothing that takes
 * real time is under way then, and what waits does wait for time.
 */
function hashOnThisThread(): () => void {
  const secrets = new WeakMap<CryptoKey, Uint8Array>();
  const { subtle } = crypto;
  const importKey = subtle.importKey.bind(subtle);
  const replaced = {
    digest: async (_: string, data: Uint8Array) => bufferOf(createHash("sha256").update(data).digest()),
    sign: async (_: string, key: CryptoKey, data: Uint8Array) =>
      bufferOf(
        createHmac("sha256", secrets.get(key) as Uint8Array)
          .update(data)
          .digest(),
      ),
    importKey: async (...values: Parameters<typeof importKey>) => {
      const key = await importKey(...values);
      secrets.set(key, values[1] as unknown as Uint8Array);
      return key;
    },
  };
  for (const [name, value] of Object.entries(replaced))
    Object.defineProperty(subtle, name, { configurable: true, value });
  return () => {
    for (const name of Object.keys(replaced)) Reflect.deleteProperty(subtle, name);
  };
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
