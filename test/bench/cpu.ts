import { timeDecision } from "./latency.ts";
import type { LiveWorker } from "./live-worker.ts";
import { median, round } from "./statistics.ts";
import { type BackendName, type Subject, startSubject } from "./subjects.ts";
import { Texts } from "./texts.ts";

export interface CpuRow {
  readonly subject: string;
  /** Median milliseconds that the workerd process computes for a decision of 64 tokens, HTTP and all threads included. */
  readonly cpuMs: number;
}

const WARM_UP = 30;
// Decisions between two looks at the clock of the kernel, which counts in steps of 10 ms.
const BLOCK: Readonly<Record<BackendName, number>> = { onnx: 20, simd: 40, lexical: 400 };

/** What a decision computes: on a busy machine it says what times by the clock can't. Subjects take turns. */
export async function measureCpu(subjects: readonly Subject[], rounds: number): Promise<readonly CpuRow[]> {
  const texts = new Texts(3);
  const cells: { subject: Subject; worker: LiveWorker; samples: number[] }[] = [];
  // One after the other: a process is told from others by when it began.
  for (const subject of subjects) cells.push({ subject, worker: await startSubject(subject), samples: [] });
  for (const { worker } of cells) {
    for (let k = 0; k < WARM_UP; k++) await timeDecision(worker, texts.ofTokens(64));
  }
  for (let k = 0; k < rounds; k++) {
    for (const { subject, worker, samples } of k % 2 === 0 ? cells : cells.toReversed()) {
      const before = await worker.cpuMs();
      const count = BLOCK[subject.backend];
      for (let decision = 0; decision < count; decision++) await timeDecision(worker, texts.ofTokens(64));
      samples.push(((await worker.cpuMs()) - before) / count);
    }
  }
  await Promise.all(cells.map(({ worker }) => worker.stop()));
  return cells.map(({ subject, samples }) => ({ subject: subject.name, cpuMs: round(median(samples)) }));
}
