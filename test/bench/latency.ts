import { Agent, request } from "node:http";
import type { BuiltWorker } from "./build-worker.ts";
import type { LiveWorker } from "./live-worker.ts";
import { type Percentiles, percentiles, round } from "./statistics.ts";
import { buildParts, type Subject, startSubject } from "./subjects.ts";
import { Texts } from "./texts.ts";

/** The lengths at which decisions are timed. */
const lengths = {
  "16 tokens": (texts: Texts) => texts.ofTokens(16),
  "64 tokens": (texts: Texts) => texts.ofTokens(64),
  "128 tokens": (texts: Texts) => texts.ofTokens(128),
  "256 tokens": (texts: Texts) => texts.ofTokens(256),
  "4,000 tokens": (texts: Texts) => texts.ofTokens(4000),
  "100,000 characters": (texts: Texts) => texts.ofCharacters(100_000),
} as const;

/** A measurement ends with whichever is reached first. */
export interface Bounds {
  readonly rounds: number;
  readonly seconds: number;
}

export interface LatencyRow extends Percentiles {
  readonly subject: string;
  readonly length: string;
  /** Median milliseconds of the bare session for such texts, timed inside the isolate. */
  readonly encoder: number;
  /** Median milliseconds of prediction and choice. */
  readonly heads: number;
  /** p50 / encoder. */
  readonly toEncoder: number;
}

/** Decisions over HTTP, one at a time: subjects, lengths and the bare encoder take turns. Warm; milliseconds. */
export async function measureLatency(
  subjects: readonly Subject[],
  { rounds, seconds }: Bounds,
): Promise<readonly LatencyRow[]> {
  const parts = await buildParts(subjects);
  const cells = await Promise.all([...parts].map(([subject, worker]) => openCell(subject, worker)));
  const texts = new Texts(1);
  const end = performance.now() + seconds * 1000;
  for (let round = -WARM_UP; round < rounds && (round < MIN_ROUNDS || performance.now() < end); round++) {
    for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
      for (const [length, make] of Object.entries(lengths)) {
        const decision = await timeDecision(cell.whole, make(texts));
        const parts = await timeParts(cell.parts, make(texts));
        if (round >= 0) cell.samples.push({ length, decision, ...parts });
      }
    }
  }
  await Promise.all(cells.flatMap(({ whole, parts }) => [whole.stop(), parts.stop()]));
  return cells.flatMap(({ subject, samples }) =>
    Object.keys(lengths).map((length) => {
      const own = samples.filter((sample) => sample.length === length);
      const whole = percentiles(own.map(({ decision }) => decision));
      const encoder = percentiles(own.map((sample) => sample.encoder)).p50;
      const heads = percentiles(own.map((sample) => sample.heads)).p50;
      return {
        subject: subject.name,
        length,
        ...whole,
        encoder,
        heads,
        toEncoder: round(whole.p50 / encoder),
      };
    }),
  );
}

// V8 compiles hot functions anew while they run; the first rounds are slower.
const WARM_UP = 8;
const MIN_ROUNDS = 3;

interface Sample {
  readonly length: string;
  readonly decision: number;
  readonly encoder: number;
  readonly heads: number;
}

async function openCell(subject: Subject, partsWorker: BuiltWorker) {
  const whole = await startSubject(subject);
  const parts = await startSubject(subject, {}, partsWorker);
  await timeParts(parts, "Hello"); // the first answer is that of the cold start
  const samples: Sample[] = [];
  return { subject, whole, parts, samples };
}

/** Milliseconds of one decision as a client on the same machine sees them. */
export async function timeDecision({ origin }: LiveWorker, prompt: string): Promise<number> {
  const body = JSON.stringify({ prompt });
  const start = performance.now();
  const { statusCode, text } = await post(`${origin}/v1/route`, body);
  const elapsed = performance.now() - start;
  if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
  return elapsed;
}

const agent = new Agent({ keepAlive: true });

// Node's own client: `fetch` takes a millisecond by itself.
function post(url: string, body: string): Promise<{ readonly statusCode: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sending = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ statusCode: response.statusCode ?? 0, text }));
    });
    sending.on("error", reject);
    sending.end(body);
  });
}

export async function timeParts(
  { origin }: LiveWorker,
  text: string,
): Promise<{ readonly encoder: number; readonly heads: number }> {
  const response = await fetch(origin, { method: "POST", body: text });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { encoder: number; heads: number };
}
