import { findKey, type KeyRecord, parseKeyRecords } from "../../contract/api-key.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { elapsedMs, withinTime } from "../time-limit.ts";

type KeyRecords = ReadonlyMap<string, KeyRecord>;

/** Where records of keys stand that the Worker's environment doesn't hold. */
export interface KeySource {
  /** For the log. */
  readonly name: string;
  /** Records as in API_KEYS, none for an empty text; rejects where they can't be read. */
  readonly read: () => Promise<string>;
}

/** The keys that open the API. */
export interface KeyRing {
  /**
   * The record that a presented key belongs to; undefined where none is its. Nothing is read for it but the first time, and
   * after a minute in which nobody asked: else the sources are read in the background, when that is due.
   */
  find(
    presented: string,
    keepAlive: (work: Promise<unknown>) => void,
  ): Promise<Result<KeyRecord | undefined, "keys_unavailable">>;
}

interface KeyRingOptions {
  /** Of the secret API_KEYS; no other record of the same name counts. */
  readonly secret: KeyRecords;
  /** Of two records of a name, the earlier source's counts. */
  readonly sources: readonly KeySource[];
  /** Half a minute at most is taken of it. */
  readonly refreshMs: number;
  readonly now: () => number;
  readonly log: (event: Readonly<Record<string, unknown>>) => void;
}

interface Known {
  readonly text: string;
  readonly records: KeyRecords;
}

// While a source was never read, every request would try in vain. Each vain try doubles the time to the next: a secret that
// isn't there would else cost a read of KV a second.
const RETRY_MS = 1000;
// Half of what the state may take afterwards: a storage that hangs must not hold a caller for twice as long.
const READ_MS = 5_000;
// However seldom the pointer is looked at, a revoked key must end soon.
const MAX_REFRESH_MS = 30_000;
// So long after the last reading nobody is let in by it before the next: a key that was revoked while the isolate had
// nothing to do must not open it once more.
const STALE_MS = 60_000;
// A reading whose request was torn down by the platform never settles.
const ABANDONED_MS = 6_000;

export function createKeyRing({ secret, sources, refreshMs: asked, now, log }: KeyRingOptions): KeyRing {
  const refreshMs = Math.min(asked, MAX_REFRESH_MS);
  /** What each source was last read as. */
  const known = new Map<KeySource, Known>();
  const failing = new Set<KeySource>();
  let records = secret;
  let readAt: number | undefined;
  let vainReadings = 0;
  let reading: { readonly done: Promise<void>; readonly startedAt: number } | undefined;

  async function readAll(): Promise<void> {
    await Promise.all(sources.map(readOne));
    readAt = now();
    vainReadings = known.size < sources.length ? vainReadings + 1 : 0;
    const merged = new Map<string, KeyRecord>();
    for (const source of sources.toReversed()) {
      for (const [name, record] of known.get(source)?.records ?? []) merged.set(name, record);
    }
    for (const [name, record] of secret) merged.set(name, record);
    records = merged;
  }

  async function readOne(source: KeySource): Promise<void> {
    try {
      const text = await withinTime(READ_MS, source.read());
      if (text !== known.get(source)?.text) {
        const parsed = parseKeyRecords(text, source.name);
        if (!parsed.ok) throw new Error(parsed.failure.message);
        known.set(source, { text, records: parsed.value });
      }
      failing.delete(source);
    } catch (error) {
      // What was read last still holds: a fault of the platform must lock nobody out.
      if (!failing.has(source)) log({ event: "keys_unavailable", source: source.name, cause: String(error) });
      failing.add(source);
    }
  }

  const ageMs = () => (readAt === undefined ? Number.POSITIVE_INFINITY : elapsedMs(readAt, now()));

  function readWhereDue(keepAlive: (work: Promise<unknown>) => void): void {
    const waitMs = vainReadings > 0 ? Math.min(RETRY_MS * 2 ** (vainReadings - 1), refreshMs) : refreshMs;
    if (sources.length === 0 || ageMs() < waitMs) return;
    if (reading !== undefined && elapsedMs(reading.startedAt, now()) < ABANDONED_MS) return;
    const started = {
      startedAt: now(),
      done: readAll().finally(() => {
        if (reading === started) reading = undefined;
      }),
    };
    reading = started;
    keepAlive(started.done);
  }

  return {
    async find(presented, keepAlive) {
      const isStale = ageMs() >= STALE_MS;
      readWhereDue(keepAlive);
      // Also for a key of the secret: else the time would tell, in a young isolate, which names stand there.
      if (isStale && reading !== undefined) {
        await withinTime(ABANDONED_MS, reading.done).catch(() => undefined);
      }
      const record = await findKey(records, presented);
      // It may stand where nothing was read yet: who holds it must not be told that it is wrong.
      return record !== undefined || known.size === sources.length
        ? ok(record)
        : fail("keys_unavailable", "the keys of this Worker could not be read; send it again");
    },
  };
}
