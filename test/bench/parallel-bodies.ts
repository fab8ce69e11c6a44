import { openSocket, parseAnswer, request } from "../security/raw-http.ts";
import { openSampler } from "./memory.ts";
import { round } from "./statistics.ts";
import { type Subject, startSubject } from "./subjects.ts";
import { withWasmCount } from "./wrap-worker.ts";

/** Megabytes of one isolate while bodies of 8 MB arrive at the same time. */
export interface ParallelRow {
  readonly subject: string;
  readonly text: string;
  readonly bodies: number;
  /** Held before any of them. */
  readonly before: number;
  /** Held when all had arrived but for their last byte, or were refused. */
  readonly arrived: number;
  /** Most that was seen until all were answered, garbage included. */
  readonly peak: number;
  readonly decided: number;
  readonly refused: number;
}

const COUNTS = [1, 2, 4, 8];
const BODY_BYTES = 8_300_000;
// One character above Latin 1 makes V8 keep two bytes for each of the text.
const texts = { "one byte a character": "", "two bytes a character": "Ω" };

export async function measureParallelBodies(subjects: readonly Subject[]): Promise<readonly ParallelRow[]> {
  const rows: ParallelRow[] = [];
  for (const subject of subjects)
    for (const [text, prefix] of Object.entries(texts))
      for (const bodies of COUNTS)
        rows.push({ subject: subject.name, text, bodies, ...(await sendAtOnce(subject, prefix, bodies)) });
  return rows;
}

async function sendAtOnce(subject: Subject, prefix: string, bodies: number) {
  const variables = { BODY_TIMEOUT_MS: "60000" };
  const worker = await startSubject(subject, variables, await withWasmCount(subject.worker));
  const url = `${worker.origin}/v1/route`;
  const headers = { "content-type": "application/json" };
  const warm = await fetch(url, { method: "POST", headers, body: JSON.stringify({ prompt: "warm up" }) });
  await warm.arrayBuffer();
  const sampler = await openSampler(worker);
  const before = await sampler.note();
  const body = Buffer.from(JSON.stringify({ prompt: `${prefix}${"a ".repeat(BODY_BYTES / 2)}` }));
  const sent = await Promise.all(Array.from({ length: bodies }, () => send(worker.origin, body)));
  // What is refused is answered while it arrives.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const arrived = await sampler.note();
  for (const { end } of sent) end();
  const statuses = await Promise.all(sent.map(({ status }) => status));
  const { peak } = await sampler.note();
  sampler.stop();
  await worker.stop();
  const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
  return {
    before: before.held,
    arrived: arrived.held,
    peak: round(peak),
    decided: count(200),
    refused: count(503),
  };
}

/** Sends all but the last byte. */
async function send(origin: string, body: Buffer) {
  const answered = Promise.withResolvers<number>();
  const left = Promise.withResolvers<void>();
  const socket = openSocket(origin, () => {
    const length = `content-length: ${body.length}`;
    socket.write(request("POST /v1/route", ["content-type: application/json", length]));
    socket.write(body.subarray(0, -1), () => left.resolve());
  });
  let read = "";
  socket.on("data", (chunk) => {
    read += chunk;
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    left.resolve();
    answered.resolve(parseAnswer(read).status);
  });
  await left.promise;
  return { status: answered.promise, end: () => void socket.write(body.subarray(-1)) };
}
