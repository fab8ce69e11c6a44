import type { FaultWorker } from "./fault-worker.ts";

/** For what never happens, however busy the machine is. */
const PATIENCE_MS = 300_000;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export async function post(worker: FaultWorker, path: string, body: object): Promise<Answer> {
  return answerOf(
    await fetch(`${worker.origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

export function route(
  worker: FaultWorker,
  prompt = "How many positive divisors does 360 have?",
): Promise<Answer> {
  return post(worker, "/v1/route", { prompt });
}

export async function health(worker: FaultWorker): Promise<Answer> {
  return answerOf(await fetch(`${worker.origin}/health`));
}

export async function traffic(worker: FaultWorker): Promise<Answer> {
  return answerOf(await fetch(`${worker.origin}/v1/traffic`));
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Asks until /health says so; the state is checked in the background of a request. */
export async function untilHealth(worker: FaultWorker, status: string): Promise<Answer> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await health(worker);
    if (answer.body.status === status) return answer;
    if (Date.now() > end) throw new Error(`/health says ${JSON.stringify(answer.body)}, not ${status}`);
    await pause(100);
  }
}

/** Codes of the faults that /health lists. */
export function codesOf({ body }: Answer): readonly string[] {
  return body.faults.map(({ code }: { readonly code: string }) => code);
}

/** The events that were logged under these names. */
export function logged(worker: FaultWorker, event: string): readonly Record<string, unknown>[] {
  return worker.logs.filter((entry) => entry["event"] === event);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
