import { openSocket, request, sendChunks } from "../security/raw-http.ts";
import { type MemoryRow, openSampler } from "./memory.ts";
import { type Subject, startSubject } from "./subjects.ts";
import { withWasmCount } from "./wrap-worker.ts";

/**
 * What V8 may take for objects. Without a limit it leaves garbage lying, and what is seen is what it could afford; with
 * this one, whatever needs more ends the process, as Cloudflare would end the isolate.
 */
const HEAP_FLAGS = "--max-heap-size=80";

type Send = (body: string, path?: string) => Promise<number>;
interface Case {
  readonly name: string;
  readonly run: (send: Send, origin: string) => Promise<unknown>;
}

const atOnce = (count: number, send: () => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, send));
const prompt = (text: string) => JSON.stringify({ prompt: text });

/** The worst of each kind that docs/security.md lists, of those that take memory. */
const cases: readonly Case[] = [
  { name: "a decision", run: (send) => send(prompt("Hello")) },
  {
    name: "0.5 MB of wrong values, 12 at once",
    run: (send) => atOnce(12, () => send(`{"messages":[${"0,".repeat(248_000)}0]}`)),
  },
  { name: "8 MB of brackets", run: (send) => send(`{"prompt":"x","tools":${"[".repeat(8_000_000)}`) },
  {
    name: "8 MB of empty arrays",
    run: (send) => send(`{"prompt":"x","tools":[${"[],".repeat(2_700_000)}1]}`),
  },
  { name: "249,000 objects", run: (send) => send(`{"prompt":"x","tools":[${'{"a":1},'.repeat(124_000)}1]}`) },
  { name: "one word of 8 MB", run: (send) => send(prompt("a".repeat(8_000_000))) },
  { name: "8 MB of words", run: (send) => send(prompt("a ".repeat(4_000_000))) },
  { name: "8 MB of syllables that decompose", run: (send) => send(prompt("각".repeat(2_600_000))) },
  {
    name: "8 MB of escapes",
    run: (send) => send(`{"messages":[{"role":"user","content":"${"\\ud800".repeat(1_300_000)}"}]}`),
  },
  {
    name: "10,000 messages in parts",
    run: (send) => {
      const message = {
        role: "user",
        content: Array.from({ length: 5 }, () => ({ type: "text", text: "x" })),
      };
      return send(JSON.stringify({ messages: new Array(10_000).fill(message) }));
    },
  },
  {
    name: "the longest batch with the longest lists",
    run: (send) => {
      const lists = { models: new Array(256).fill("*g*p*t*"), exclude: new Array(256).fill("gpt-4*") };
      return send(
        JSON.stringify({ requests: new Array(32).fill({ prompt: "x", ...lists }) }),
        "/v1/route/batch",
      );
    },
  },
  {
    name: "a batch of 8 MB",
    run: (send) =>
      send(
        JSON.stringify({
          requests: Array.from({ length: 32 }, (_, k) => ({ prompt: `${k} `.repeat(80_000) })),
        }),
        "/v1/route/batch",
      ),
  },
  { name: "bodies of 8 MB, 8 at once", run: (send) => atOnce(8, () => send(prompt("a ".repeat(4_000_000)))) },
  {
    name: "the same above Latin 1",
    run: (send) => atOnce(8, () => send(prompt(`Ω${"a ".repeat(4_000_000)}`))),
  },
  { name: "a million chunks of one byte", run: (_, origin) => sendChunks(origin) },
  { name: "200 bodies that never end", run: (_, origin) => atOnce(200, () => neverEnd(origin)) },
];

/** What Cloudflare gives an isolate. */
export const ISOLATE_MEGABYTES = 128;

/** All cases in one Worker of each backend: megabytes held afterwards, and the most that was seen. */
export async function measureHostileBodies(subjects: readonly Subject[]): Promise<readonly MemoryRow[]> {
  process.env["MINIFLARE_WORKERD_V8_FLAGS"] = HEAP_FLAGS;
  const rows: MemoryRow[] = [];
  for (const subject of subjects) {
    const worker = await startSubject(
      subject,
      { BODY_TIMEOUT_MS: "5000" },
      await withWasmCount(subject.worker),
    );
    const send: Send = async (body, path = "/v1/route") => {
      const headers = { "content-type": "application/json" };
      // Rejects where the connection breaks: the isolate is gone.
      const response = await fetch(worker.origin + path, { method: "POST", headers, body });
      await response.arrayBuffer();
      return response.status;
    };
    await send(prompt("Hello"));
    const sampler = await openSampler(worker);
    for (const { name, run } of cases) {
      await run(send, worker.origin);
      rows.push({ subject: subject.name, after: name, ...(await sampler.note()) });
    }
    sampler.stop();
    await worker.stop();
  }
  delete process.env["MINIFLARE_WORKERD_V8_FLAGS"];
  return rows;
}

const json = "content-type: application/json";

/** A body whose beginning arrives; resolves when the Worker has ended it. */
function neverEnd(origin: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = openSocket(origin, () => {
      socket.write(request("POST /v1/route", [json, "content-length: 100000"]));
      socket.write("a".repeat(60_000));
    });
    socket.on("data", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });
}
