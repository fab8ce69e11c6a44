import { type Bounds, timeDecision } from "./latency.ts";
import { startLiveWorker } from "./live-worker.ts";
import { median, round } from "./statistics.ts";
import { buildParts, type Subject, startSubject } from "./subjects.ts";
import { Texts } from "./texts.ts";

export interface ColdStartRow {
  readonly subject: string;
  /** From the first request to its answer, in a workerd process that has just begun. Median milliseconds. */
  readonly firstDecision: number;
  /** Median milliseconds of each step, one after the other. */
  readonly steps: Readonly<Record<string, number>>;
  /** Resident megabytes of the process beyond those of a Worker that only streams the same KV values past. */
  readonly memoryAfterFirst: number;
}

/** Each sample is a new workerd process; subjects take turns. */
export async function measureColdStart(
  subjects: readonly Subject[],
  { rounds, seconds }: Bounds,
): Promise<readonly ColdStartRow[]> {
  const cells = [...(await buildParts(subjects))].map(([subject, partsWorker]) => ({
    subject,
    partsWorker,
    first: [] as number[],
    memory: [] as number[],
    steps: [] as Record<string, number>[],
  }));
  const texts = new Texts(2);
  const end = performance.now() + seconds * 1000;
  for (let k = 0; k < rounds && (k === 0 || performance.now() < end); k++) {
    for (const cell of k % 2 === 0 ? cells : cells.toReversed()) {
      const idle = await idleBytes(cell.subject);
      const whole = await startSubject(cell.subject);
      cell.first.push(await timeDecision(whole, texts.ofTokens(64)));
      cell.memory.push(((await whole.rss()) - idle) / 1e6);
      await whole.stop();
      const parts = await startSubject(cell.subject, {}, cell.partsWorker);
      const response = await fetch(parts.origin, { method: "POST", body: texts.ofTokens(64) });
      cell.steps.push((await response.json()) as Record<string, number>);
      await parts.stop();
    }
  }
  return cells.map(({ subject, first, memory, steps }) => ({
    subject: subject.name,
    firstDecision: median(first),
    steps: Object.fromEntries(
      Object.keys(steps[0] ?? {}).map((name) => [name, median(steps.map((sample) => sample[name]))]),
    ),
    memoryAfterFirst: round(median(memory)),
  }));
}

/** What workerd takes by itself: the local KV is in the same process. */
async function idleBytes({ state }: Subject): Promise<number> {
  const idle = await startLiveWorker({ state, variables: {} });
  await (await fetch(idle.origin)).text();
  const bytes = await idle.rss();
  await idle.stop();
  return bytes;
}
