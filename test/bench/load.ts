import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { kvKeys, parsePointer } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { type LiveWorker, startLiveWorker } from "./live-worker.ts";
import { type Percentiles, percentiles, round } from "./statistics.ts";
import { type Subject, startSubject } from "./subjects.ts";
import { Texts } from "./texts.ts";

export interface LoadRow extends Percentiles {
  readonly subject: string;
  readonly load: string;
  readonly perSecond: number;
  /** Answers other than 200, and broken connections. */
  readonly errors: number;
  /** Milliseconds of CPU a decision, of the whole workerd process, HTTP and all. */
  readonly cpu: number;
  /** Resident megabytes of the whole workerd process at the end. */
  readonly rss: number;
}

/** Closed loops of 1, 8 and 32 clients, an open loop at half the throughput, and new bundles meanwhile. */
export async function measureLoad(
  subjects: readonly Subject[],
  seconds: number,
): Promise<readonly LoadRow[]> {
  const rows: LoadRow[] = [];
  for (const subject of subjects) {
    const worker = await startSubject(subject, { POINTER_REFRESH_MS: "200" });
    const texts = new Texts(3);
    const next = () => texts.ofTokens(64);
    const run = (load: string, options: Partial<autocannon.Options>) =>
      shoot(worker, subject.name, load, next, { duration: seconds, ...options });
    await run("warm-up", { connections: 1, duration: 2 });
    const one = await run("1 client", { connections: 1 });
    // So many requests rather than so many seconds: those under way when the time is up would not be counted.
    const amount = Math.max(128, Math.round(one.perSecond * seconds));
    rows.push(one, await run("8 clients", { connections: 8, amount }));
    rows.push(await run("32 clients", { connections: 32, amount }));
    const rate = Math.max(1, Math.floor(one.perSecond / 2));
    rows.push(await run(`open loop, ${rate} a second`, { connections: 8, overallRate: rate }));
    const swaps = await swapBundles(worker, subject);
    rows.push(await run("8 clients, a new bundle each second", { connections: 8, amount: 2 * amount }));
    rows.push(await run("1 client, a new bundle each second", { connections: 1, duration: 2 * seconds }));
    await swaps.stop();
    await worker.stop();
  }
  return rows;
}

/**
 * So many decisions of 16 tokens, eight at a time; resident memory on the way. Without a subject, a Worker that does
 * nothing: a local workerd grows by itself.
 */
export async function measureSoak(
  subject: Subject | undefined,
  requests: number,
): Promise<readonly LoadRow[]> {
  const state = await mkdtemp(join(tmpdir(), "signalbox-bench-kv-"));
  const worker = await (subject === undefined
    ? startLiveWorker({ state, variables: {} })
    : startSubject(subject));
  const rows: LoadRow[] = [];
  const texts = new Texts(4);
  const next = () => texts.ofTokens(16);
  const quarters = 4;
  for (let quarter = 1; quarter <= quarters; quarter++) {
    const name = `${((quarter * requests) / quarters).toLocaleString("en-US")} requests`;
    const options = { connections: 8, amount: requests / quarters };
    rows.push(await shoot(worker, subject?.name ?? "nothing", name, next, options));
  }
  await worker.stop();
  await rm(state, { recursive: true, force: true });
  return rows;
}

async function shoot(
  worker: LiveWorker,
  subject: string,
  load: string,
  next: () => string,
  options: Partial<autocannon.Options>,
): Promise<LoadRow> {
  const times: number[] = [];
  const cpuBefore = await worker.cpuMs();
  // Not the generator's own duration, which counts whole seconds.
  const start = performance.now();
  let end = start;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const running = autocannon(
      {
        url: `${worker.origin}/v1/route`,
        method: "POST",
        headers: { "content-type": "application/json" },
        requests: [
          {
            setupRequest: (request) => ({
              ...request,
              body: JSON.stringify({ prompt: next() }),
            }),
          },
        ],
        ...options,
      },
      (error, found) => (error ? reject(error) : resolve(found)),
    );
    running.on("response", (_client, _status, _bytes, time) => {
      times.push(time);
      end = performance.now();
    });
  });
  return {
    subject,
    load,
    perSecond: round((1000 * result["2xx"]) / (end - start)),
    errors: result.non2xx + result.errors + result.timeouts,
    ...percentiles(times),
    cpu: round(((await worker.cpuMs()) - cpuBefore) / times.length),
    rss: round((await worker.rss()) / 1e6),
  };
}

const SWAPPED_BUNDLES = 4;

/**
 * Makes another bundle live each second: the same one with a longer header, and so another checksum. They are in KV
 * before, because the local KV computes in the process that is measured and takes longer to write one than a swap.
 */
async function swapBundles(
  worker: LiveWorker,
  { contents }: Subject,
): Promise<{ readonly stop: () => Promise<void> }> {
  const pointer = parsePointer(contents.get(kvKeys.active) as Uint8Array);
  if (!pointer.ok) throw new Error(pointer.failure.message);
  const live = pointer.value;
  const original = contents.get(kvKeys.bundle(live.bundle)) as Uint8Array;
  const checksums: string[] = [];
  for (let k = 1; k <= SWAPPED_BUNDLES; k++) {
    const bundle = withLongerHeader(original, 8 * k);
    const sha256 = await checksumOf(bundle);
    await worker.put(kvKeys.bundle(sha256), bundle);
    checksums.push(sha256);
  }
  let stopped = false;
  const done = (async () => {
    for (let k = 0; !stopped; k++) {
      const next = { ...live, bundle: checksums[k % SWAPPED_BUNDLES] };
      await worker.put(kvKeys.active, new TextEncoder().encode(JSON.stringify(next)));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await worker.put(kvKeys.active, contents.get(kvKeys.active) as Uint8Array);
  })();
  return {
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** A safetensors file whose JSON header ends with so many spaces more, which the format allows. */
function withLongerHeader(file: Uint8Array, spaces: number): Uint8Array {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const longer = new Uint8Array(file.length + spaces).fill(0x20);
  new DataView(longer.buffer).setBigUint64(0, BigInt(length + spaces), true);
  longer.set(file.subarray(8, 8 + length), 8);
  longer.set(file.subarray(8 + length), 8 + length + spaces);
  return longer;
}
