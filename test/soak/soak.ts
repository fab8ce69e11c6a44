import type { Workerd } from "../bench/live-worker.ts";
import { type Percentiles, percentiles } from "../bench/statistics.ts";
import type { BackendName } from "../bench/subjects.ts";
import { startFakeProvider } from "../conformance/fake-provider.ts";
import { checkDecisions } from "./check-decisions.ts";
import { lostFeedback } from "./lost-feedback.ts";
import { type MemorySeries, watchMemory } from "./memory-slope.ts";
import { startPublisher } from "./publisher.ts";
import { startSoakWorker } from "./soak-worker.ts";
import { type Kind, kinds, STREAM_CHUNKS, sendTraffic } from "./traffic.ts";

export interface SoakOptions {
  readonly backend: BackendName;
  readonly seconds: number;
  readonly clients: number;
  /** Between two commands of the operator. */
  readonly pauseMs: number;
  /** Decisions that are made again offline, at most. */
  readonly recomputed: number;
}

export interface SoakReport {
  readonly backend: BackendName;
  readonly seconds: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly kinds: Readonly<Record<Kind, Percentiles & { readonly answers: number }>>;
  readonly commands: Readonly<Record<string, number>>;
  readonly fallbacks: number;
  readonly feedback: {
    readonly sent: number;
    readonly accepted: number;
    readonly rows: number;
    readonly duplicates: number;
  };
  readonly recomputed: number;
  readonly bundles: number;
  readonly memory: MemorySeries;
  /** Invariants that did not hold, in a sentence each; empty when all is well. */
  readonly broken: readonly string[];
}

// Until the caches are full and three bundles were seen an isolate grows; afterwards it must not.
const GROWTH_MB = 4;
// Nothing may hang. A machine that others share makes tails long; this is no figure of the router.
const SLOWEST_MS = 15_000;
const SHOWN = 5;

/** One backend under mixed traffic while an operator publishes; checks afterwards that nothing was lost or mixed up. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { backend, seconds, clients, pauseMs } = options;
  const provider = await startFakeProvider({ chunks: STREAM_CHUNKS });
  const worker = await startSoakWorker(backend, provider.baseUrl);
  try {
    const { origin } = worker.workerd;
    const warm = await fetch(`${origin}/health`);
    if (!warm.ok) throw new Error(`the Worker doesn't serve: ${await warm.text()}`);
    const memory = await watchMemory(worker.workerd, Math.max(1000, (seconds * 1000) / 60));
    const publisher = await startPublisher(worker, pauseMs);
    const outages = makeOutages(provider);
    const start = performance.now();
    const traffic = await sendTraffic(origin, clients, seconds);
    const elapsed = (performance.now() - start) / 1000;
    outages.stop();
    await publisher.stop();
    const series = await memory.stop();
    const samples = everySo(traffic.samples, options.recomputed);
    const wrongDecisions = await checkDecisions(samples, backend, worker, publisher.moves);
    const rows = await readRows(worker.workerd);
    const requests = kinds.reduce((sum, kind) => sum + traffic.times[kind].length, 0);
    const slowest = Math.max(...kinds.map((kind) => percentiles(traffic.times[kind]).max));
    const last = (await (await fetch(`${origin}/health`)).json()) as { status: string };
    return {
      backend,
      seconds: elapsed,
      requests,
      perSecond: requests / elapsed,
      kinds: Object.fromEntries(
        kinds.map((kind) => [
          kind,
          { answers: traffic.times[kind].length, ...percentiles(traffic.times[kind]) },
        ]),
      ) as SoakReport["kinds"],
      commands: Object.fromEntries(publisher.commands),
      fallbacks: worker.logs.filter((line) => line.includes("provider_fault")).length,
      feedback: {
        sent: traffic.sent.size,
        accepted: traffic.accepted.size,
        rows: rows.size,
        duplicates: traffic.duplicates.count,
      },
      recomputed: samples.length,
      bundles: new Set(samples.map(({ body }) => body.bundle)).size,
      memory: series,
      broken: [
        ...shortened("answers", traffic.wrong),
        ...shortened("decisions", wrongDecisions),
        ...shortened("commands", publisher.failures),
        ...shortened("feedback", lostFeedback(traffic, rows)),
        ...shortened(
          "log",
          worker.logs.filter((line) => /internal_error|"fault"|not_recorded/.test(line)),
        ),
        ...(series.late - series.early > GROWTH_MB
          ? [`the isolate grew from ${series.early.toFixed(1)} to ${series.late.toFixed(1)} MB`]
          : []),
        ...(slowest > SLOWEST_MS ? [`an answer took ${slowest} ms`] : []),
        ...(last.status === "ok" ? [] : [`/health says ${last.status} at the end`]),
        ...(samples.length === 0 ? ["no decision was sampled"] : []),
      ],
    };
  } finally {
    await worker.stop();
    await provider.stop();
  }
}

export async function readRows({ miniflare }: Workerd): Promise<ReadonlyMap<string, number>> {
  const database = await miniflare.getD1Database("DB");
  const { results } = await database.prepare("SELECT decision, score FROM feedback").all();
  const rows = results as readonly { readonly decision: string; readonly score: number }[];
  return new Map(rows.map(({ decision, score }) => [decision, score]));
}

/** Some model is down for a while, again and again, so that fallbacks are part of the traffic. */
function makeOutages(provider: Awaited<ReturnType<typeof startFakeProvider>>) {
  let turn = 0;
  const models = ["gpt-5.4", "gpt-4o-mini", "claude-sonnet-4.6"];
  const timer = setInterval(() => {
    const model = `fake/${models[turn % models.length]}`;
    provider.behave(
      model,
      turn % 2 === 0 ? { kind: "status", status: 503 } : { kind: "answer", chunks: STREAM_CHUNKS },
    );
    // What was asked is of no interest, and must not fill the memory.
    provider.seen.length = 0;
    turn++;
  }, 3000);
  return { stop: () => clearInterval(timer) };
}

function everySo<T>(items: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, Math.floor(items.length / count));
  return items.filter((_, k) => k % step === 0).slice(0, count);
}

export function shortened(what: string, sentences: readonly string[]): readonly string[] {
  if (sentences.length <= SHOWN) return sentences.map((sentence) => `${what}: ${sentence}`);
  return [
    ...sentences.slice(0, SHOWN).map((sentence) => `${what}: ${sentence}`),
    `${what}: ${sentences.length - SHOWN} more`,
  ];
}
