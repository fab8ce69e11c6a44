import { parentPort, workerData } from "node:worker_threads";
import { openSocket, request, sendRaw } from "../security/raw-http.ts";
import type { Attack, Wanted } from "./attackers.ts";

// In a thread of its own, so that what hostile callers do costs the good ones' clients no time. Bodies are made once.
const { origin, models, own, others } = workerData as Attack;

// Three would have filled the memory of all bodies: each stops two thirds through.
const UPLOADS = 3;
const UPLOAD_BYTES = 8_000_000;
const HALFWAY = Buffer.alloc((UPLOAD_BYTES * 2) / 3, "a");
const SILENT_COMPLETIONS = 4;
/** Nobody sends faster than a network lets it: some megabytes a second. */
const PAUSE_MS = 20;
const PAUSE_AFTER_UPLOAD_MS = 2_000;
const json = "content-type: application/json";

const answers = new Map<number, number>();
const note = (status: number) => answers.set(status, (answers.get(status) ?? 0) + 1);
let stopped = false;
let turn = 0;

async function send(path: string, body: Buffer, key = own): Promise<void> {
  const headers = [json, `authorization: Bearer ${key}`, `content-length: ${body.length}`];
  note((await sendRaw(origin, request(`POST ${path}`, headers), body)).status);
}

function complete(wanted: Wanted): Promise<void> {
  const model = models[turn++ % models.length];
  const messages = [{ role: "user", content: "Hello" }];
  const body = { model, user: wanted, stream: true, messages };
  return send("/v1/chat/completions", Buffer.from(JSON.stringify(body)));
}

/** Sends most of a body and waits until the Worker ends it. */
function stopHalfway(): Promise<void> {
  return new Promise((resolve) => {
    const socket = openSocket(origin, () => {
      const headers = [json, `authorization: Bearer ${own}`, `content-length: ${UPLOAD_BYTES}`];
      socket.write(request("POST /v1/route", headers));
      socket.write(HALFWAY);
    });
    socket.on("data", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => {
      note(0);
      setTimeout(resolve, PAUSE_AFTER_UPLOAD_MS);
    });
  });
}

const invalid = Buffer.from(`{"messages":[${"0,".repeat(240_000)}0]}`);
const deep = Buffer.from(`{"prompt":"x","tools":${"[".repeat(1_000_000)}`);
const forged = Buffer.from(JSON.stringify({ decision: "dec_AAAA", score: 0 }));
const flood = () => {
  const requests = Array.from({ length: 32 }, () => ({ prompt: `flood ${turn++}` }));
  return Buffer.from(JSON.stringify({ requests }));
};

const attacks: readonly (() => Promise<void>)[] = [
  ...Array.from({ length: UPLOADS }, () => stopHalfway),
  ...Array.from({ length: SILENT_COMPLETIONS }, () => () => complete("stall")),
  () => complete("over-limit"),
  () => complete("die-mid-stream"),
  () => send("/v1/route", invalid),
  () => send("/v1/route", deep),
  () => send("/v1/route/batch", flood()),
  () => send("/v1/feedback", forged),
  () => send("/v1/route", forged, `${others.slice(0, -2)}__`),
];

for (const attack of attacks) {
  void (async () => {
    while (!stopped) {
      await attack().catch(() => note(0));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
}

parentPort?.on("message", () => {
  stopped = true;
  parentPort?.postMessage([...answers]);
});
