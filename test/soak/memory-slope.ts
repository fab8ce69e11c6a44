import type { Workerd } from "../bench/live-worker.ts";
import { median } from "../bench/statistics.ts";

export interface MemorySeries {
  /** Megabytes that the isolate held after garbage collection: once all is loaded and cached, and at the end. */
  readonly early: number;
  readonly late: number;
  /** Megabytes an hour, by least squares over the second two thirds. */
  readonly slopePerHour: number;
  readonly samples: number;
  /** Megabytes of the whole workerd process at the end, KV and D1 included. */
  readonly rss: number;
}

export interface MemoryWatch {
  stop(): Promise<MemorySeries>;
}

/** Samples what the isolate holds, under load. */
export async function watchMemory(workerd: Workerd, everyMs: number): Promise<MemoryWatch> {
  const inspector = await workerd.inspect();
  const points: { readonly hours: number; readonly held: number }[] = [];
  const start = Date.now();
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      const { total } = await inspector.memoryHeld();
      const wasm = Number(await (await fetch(`${workerd.origin}/wasm-memory`)).text());
      points.push({ hours: (Date.now() - start) / 3600_000, held: (total + wasm) / 1e6 });
      for (let waited = 0; waited < everyMs && !stopped; waited += 100) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      await done;
      inspector.close();
      const settled = points.slice(Math.floor(points.length / 3));
      const third = Math.max(1, Math.floor(settled.length / 3));
      return {
        early: median(settled.slice(0, third).map(({ held }) => held)),
        late: median(settled.slice(-third).map(({ held }) => held)),
        slopePerHour: slopeOf(settled),
        samples: points.length,
        rss: (await workerd.rss()) / 1e6,
      };
    },
  };
}

function slopeOf(points: readonly { readonly hours: number; readonly held: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const hours = mean(points.map((point) => point.hours));
  const held = mean(points.map((point) => point.held));
  const covariance = points.reduce((sum, point) => sum + (point.hours - hours) * (point.held - held), 0);
  return covariance / points.reduce((sum, point) => sum + (point.hours - hours) ** 2, 0);
}
