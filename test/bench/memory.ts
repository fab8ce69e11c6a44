import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { kvKeys, parsePointer } from "../../src/contract/pointer.ts";
import type { Inspector } from "./isolate-memory.ts";
import { largeBundle, withBundles } from "./large-bundle.ts";
import { platform, startWorkerd, type Workerd } from "./live-worker.ts";
import { round } from "./statistics.ts";
import { type Subject, startSubject } from "./subjects.ts";
import { Texts } from "./texts.ts";
import { withWasmCount } from "./wrap-worker.ts";

/** Megabytes of one isolate: what Cloudflare limits to 128. Local workerd has no limit, so that nothing is cut off. */
export interface MemoryRow {
  readonly subject: string;
  readonly after: string;
  /** Objects and code of JavaScript, after garbage collection. */
  readonly heap: number;
  /** Array buffers, after garbage collection. */
  readonly backing: number;
  /** WebAssembly memories. */
  readonly wasm: number;
  /** The three together. */
  readonly held: number;
  /** Most that was seen since the row before, garbage included; sampled four times a second. */
  readonly peak: number;
}

const SAMPLE_MS = 250;
const MiB = 1024 ** 2;
const BUNDLE_MIB = [5, 10, 15, 20, 25];

/** So many decisions for each backend, and for comparison the same requests to a Worker that does nothing. */
export async function measureMemory(
  subjects: readonly Subject[],
  requests: number,
): Promise<readonly MemoryRow[]> {
  const rows = await measureIdle(requests);
  for (const subject of subjects) {
    const watched = await watch(subject);
    const { worker, note } = watched;
    const texts = new Texts(4);
    await ask(worker.origin, texts.ofTokens(16));
    rows.push(await note("the first decision"));
    await shoot(worker.origin, () => texts.ofTokens(64), 300);
    rows.push(await note("300 of 64 tokens"));
    const prompts = Array.from({ length: 32 }, () => ({ prompt: texts.ofCharacters(8000) }));
    await post(`${worker.origin}/v1/route/batch`, { requests: prompts });
    rows.push(await note("a batch of 32 times 8 KB"));
    const whole = Array.from({ length: 32 }, () => ({ prompt: texts.ofCharacters(258_000) }));
    await post(`${worker.origin}/v1/route/batch`, { requests: whole });
    rows.push(await note("a batch of 8 MB, the largest"));
    const quarters = 4;
    for (let quarter = 1; quarter <= quarters; quarter++) {
      await shoot(worker.origin, () => texts.ofTokens(16), requests / quarters);
      rows.push(await note(`${((quarter * requests) / quarters).toLocaleString("en-US")} of 16 tokens`));
    }
    await watched.stop();
  }
  return rows;
}

/** Bundles up to the 25 MiB of a KV value: as the first one, swapped for another, and with a canary of equal size. */
export async function measureBundles(subjects: readonly Subject[]): Promise<readonly MemoryRow[]> {
  const rows: MemoryRow[] = [];
  for (const subject of subjects) {
    const pointer = parsePointer(subject.contents.get(kvKeys.active) as Uint8Array);
    if (!pointer.ok) throw new Error(pointer.failure.message);
    const original = subject.contents.get(kvKeys.bundle(pointer.value.bundle)) as Uint8Array;
    for (const size of BUNDLE_MIB) {
      const bundles = [0, 1, 2].map((k) => largeBundle(original, size * MiB - 4096 * k));
      const [first, second, third] = bundles as [Uint8Array, Uint8Array, Uint8Array];
      const watched = await watch(subject, await withBundles(subject.contents, first));
      const { worker, note, publish } = watched;
      await ask(worker.origin, "one");
      rows.push(await note(`a bundle of ${size} MiB`));
      await publish(await withBundles(subject.contents, second));
      rows.push(await note(`swapped for another of ${size} MiB`));
      await publish(await withBundles(subject.contents, second, third));
      rows.push(await note(`with a canary of ${size} MiB`));
      await watched.stop();
    }
  }
  return rows;
}

interface Watched {
  readonly worker: Workerd;
  note(after: string): Promise<MemoryRow>;
  /** Writes to KV and decides until the pointer was looked at. */
  publish(contents: ReadonlyMap<string, Uint8Array>): Promise<void>;
  stop(): Promise<void>;
}

async function watch(subject: Subject, contents?: ReadonlyMap<string, Uint8Array>): Promise<Watched> {
  const counted = await withWasmCount(subject.worker);
  const worker = await startSubject(subject, { POINTER_REFRESH_MS: "0" }, counted);
  for (const [key, bytes] of contents ?? []) await worker.put(key, bytes);
  const sampler = await openSampler(worker);
  return {
    worker,
    note: async (after) => ({ subject: subject.name, after, ...(await sampler.note()) }),
    async publish(next) {
      for (const [key, bytes] of next) await worker.put(key, bytes);
      const pointer = parsePointer(next.get(kvKeys.active) as Uint8Array);
      if (!pointer.ok) throw new Error(pointer.failure.message);
      for (let k = 0; k < 100 && !(await isServed(worker.origin, pointer.value)); k++) await pause(100);
    },
    async stop() {
      sampler.stop();
      await worker.stop();
      // The next one begins with the subject's own pointer.
      const key = kvKeys.active;
      const restore = await startSubject(subject);
      await restore.put(key, subject.contents.get(key) as Uint8Array);
      await restore.stop();
    },
  };
}

async function isServed(
  origin: string,
  { bundle, canary }: { readonly bundle: string; readonly canary?: { readonly bundle: string } | undefined },
): Promise<boolean> {
  const health = (await (await fetch(`${origin}/health`)).json()) as {
    readonly faults: readonly unknown[];
    readonly bundle: { readonly checksum: string };
    readonly canary: { readonly checksum: string } | null;
  };
  if (health.faults.length > 0) return true;
  return health.bundle.checksum === bundle && health.canary?.checksum === canary?.bundle;
}

async function measureIdle(requests: number): Promise<MemoryRow[]> {
  const state = await mkdtemp(join(tmpdir(), "signalbox-bench-kv-"));
  const worker = await startWorkerd({
    name: "signalbox",
    modules: true,
    script: "export default { fetch: async (request) => new Response((await request.text()).slice(0, 9)) }",
    ...platform,
    resourcePersistencePath: state,
    handleStructuredLogs: () => {},
  });
  const sampler = startSampler(await worker.inspect(), async () => 0);
  const texts = new Texts(4);
  await shoot(worker.origin, () => texts.ofTokens(16), requests);
  const after = `${requests.toLocaleString("en-US")} of 16 tokens`;
  const row = { subject: "nothing", after, ...(await sampler.note()) };
  sampler.stop();
  await worker.stop();
  await rm(state, { recursive: true, force: true });
  return [row];
}

/** Watches a Worker that was built by `withWasmCount`. */
export async function openSampler({ origin, inspect }: Workerd) {
  return startSampler(await inspect(), async () =>
    Number(await (await fetch(`${origin}/wasm-memory`)).text()),
  );
}

export function startSampler({ memory, memoryHeld, close }: Inspector, wasm: () => Promise<number>) {
  let peak = 0;
  let busy: Promise<void> | undefined;
  const timer = setInterval(() => {
    busy ??= (async () => {
      const [{ total }, bytes] = await Promise.all([memory(), wasm()]);
      peak = Math.max(peak, total + bytes);
    })().finally(() => {
      busy = undefined;
    });
  }, SAMPLE_MS);
  return {
    async note(): Promise<Omit<MemoryRow, "subject" | "after">> {
      await busy;
      const now = (await memory()).total + (await wasm());
      const { heap, embedder, backing, total } = await memoryHeld();
      const bytes = await wasm();
      const row = {
        heap: megabytes(heap + embedder),
        backing: megabytes(backing),
        wasm: megabytes(bytes),
        held: megabytes(total + bytes),
        peak: megabytes(Math.max(peak, now)),
      };
      peak = 0;
      return row;
    },
    stop() {
      clearInterval(timer);
      close();
    },
  };
}

function shoot(origin: string, next: () => string, amount: number): Promise<void> {
  return new Promise((resolve, reject) => {
    autocannon(
      {
        url: `${origin}/v1/route`,
        method: "POST",
        headers: { "content-type": "application/json" },
        connections: 8,
        amount,
        timeout: 60,
        requests: [{ setupRequest: (request) => ({ ...request, body: JSON.stringify({ prompt: next() }) }) }],
      },
      (error, result) => {
        const failed = result === undefined ? amount : result.non2xx + result.errors;
        if (error) reject(error);
        else if (failed > 0) reject(new Error(`${failed} of ${amount} requests failed`));
        else resolve();
      },
    );
  });
}

async function ask(origin: string, prompt: string): Promise<void> {
  await post(`${origin}/v1/route`, { prompt });
}

async function post(url: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 500)}`);
}

function megabytes(bytes: number): number {
  return round(bytes / 1e6);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
