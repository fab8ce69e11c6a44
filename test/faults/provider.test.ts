import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Behavior,
  type FakeProvider,
  startFakeProvider,
  streamChunk,
} from "../conformance/fake-provider.ts";
import { health, logged, pause, route } from "./ask.ts";
import { type FaultWorker, startFaultWorker } from "./fault-worker.ts";

let provider: FakeProvider;
let worker: FaultWorker;
/** The models that may answer, best first. */
let ranking: readonly string[];

const question = "How many positive divisors does 360 have?";

// A workerd for each test: models that rest, and what was logged, stay with their isolate.
beforeEach(async () => {
  provider.reset();
  worker = await startFaultWorker({
    providerUrl: provider.baseUrl,
    variables: { ATTEMPT_TIMEOUT_MS: "600", TOTAL_TIMEOUT_MS: "4000" },
  });
  ranking = (await route(worker, question)).body.ranking.map(({ model }: { model: string }) => model);
  return () => worker.stop();
});
beforeAll(async () => {
  provider = await startFakeProvider();
});
afterAll(() => provider.stop());

const upstream = (model: string) => `fake/${model.replace(/@.*/, "")}`;
function chat(fields: object = {}, init: RequestInit = {}): Promise<Response> {
  return fetch(`${worker.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: question }], ...fields }),
    ...init,
  });
}

/** One model of the ranking behaves like that: the caller gets the next one's answer, and a line is logged. */
async function fallsBack(behavior: Behavior, cause: string, fields: object = {}): Promise<void> {
  provider.behave(upstream(ranking[0] as string), behavior);
  const response = await chat(fields);
  expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, ranking[1]]);
  expect(response.headers.get("x-signalbox-attempts")).toBe("2");
  expect(logged(worker, "provider_fault")).toMatchObject([{ provider: "fake", model: ranking[0], cause }]);
  expect((await health(worker)).body.status).toBe("ok");
}

/** All models behave like that. */
async function fails(behavior: Behavior, status: number, code: string, fields: object = {}): Promise<void> {
  for (const model of ranking) provider.behave(upstream(model), behavior);
  provider.seen.length = 0;
  const response = await chat(fields);
  expect([response.status, (await response.json()).error.code]).toEqual([status, code]);
  expect(provider.seen.length).toBe(3); // MAX_ATTEMPTS
  provider.reset();
  expect((await chat()).status).toBe(200);
}

test("the provider is down", async () => {
  await fallsBack({ kind: "hang-up" }, "unreachable");
  await fails({ kind: "hang-up" }, 502, "upstream_failed");
});

test("the provider resets the connection", async () => {
  await fallsBack({ kind: "reset" }, "unreachable");
  await fails({ kind: "reset" }, 502, "upstream_failed");
});

test("the provider is too slow", async () => {
  await fallsBack({ kind: "answer", delayMs: 3000 }, "timeout", { stream: true });
  await fails({ kind: "stall" }, 504, "upstream_timeout", { stream: true });
});

test("the provider answers 500", async () => {
  await fallsBack({ kind: "status", status: 500 }, "server_error");
  await fails({ kind: "status", status: 500 }, 502, "upstream_failed");
});

test("the provider answers 200 with nothing", async () => {
  const empty = { kind: "status", status: 200, body: "" } as const;
  await fallsBack(empty, "server_error");
  await fails(empty, 502, "upstream_failed");
});

test("the provider answers 200 with a web page", async () => {
  const page = {
    kind: "status",
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "<!doctype html><title>Sign in</title>",
  } as const;
  await fallsBack(page, "server_error");
  await fails(page, 502, "upstream_failed");
});

test("the provider answers with garbage that claims to be JSON", async () => {
  const garbage = { kind: "status", status: 200, body: "\u0000{not json" } as const;
  await fallsBack(garbage, "server_error");
  await fails(garbage, 502, "upstream_failed");
});

test("the provider sends half an event and ends", async () => {
  provider.behave(upstream(ranking[0] as string), { kind: "half-event", chunks: 3 });
  const text = await (await chat({ stream: true })).text();
  const chunks = [0, 1, 2, 3].map((k) => streamChunk(upstream(ranking[0] as string), k)) as string[];
  // What came, and no [DONE]: a client sees that it is not whole.
  expect(text).toBe(chunks.slice(0, 3).join("") + chunks[3]?.slice(0, chunks[3].length >> 1));
  expect(provider.seen.length).toBe(1);
});

test("the provider breaks off in the middle of a stream", async () => {
  provider.behave(upstream(ranking[0] as string), { kind: "die-mid-stream", chunks: 3 });
  const response = await chat({ stream: true });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  expect(provider.seen.length).toBe(1);
  await expect.poll(() => logged(worker, "provider_fault")).toMatchObject([{ cause: "broken_off" }]);
});

test("the provider falls silent in the middle of a stream", async () => {
  provider.behave(upstream(ranking[0] as string), { kind: "stall-mid-stream", chunks: 2 });
  const response = await chat({ stream: true });
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  await expect.poll(() => provider.seen[0]?.aborted).toBe(true);
  expect(provider.seen.length).toBe(1);
  expect(logged(worker, "provider_fault")).toMatchObject([{ cause: "broken_off" }]);
});

test("one model is over its limit", async () => {
  await fallsBack({ kind: "status", status: 429, headers: { "retry-after": "8" } }, "rate_limited");
  provider.reset();
  await chat();
  expect(provider.seen.map(({ model }) => model)).toEqual([upstream(ranking[1] as string)]); // the first one rests
  await pause(8100);
  expect((await chat()).headers.get("x-signalbox-model")).toBe(ranking[0]);
});

test("a storm of 429 from all models", async () => {
  const start = performance.now();
  for (const model of ranking)
    provider.behave(upstream(model), { kind: "status", status: 429, headers: { "retry-after": "300" } });
  const answers = await Promise.all(Array.from({ length: 40 }, () => chat()));
  for (const answer of answers) {
    expect([answer.status, (await answer.json()).error.code]).toEqual([429, "upstream_rate_limited"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  await pause(200);
  // In the end every model rests, and nobody is asked any more.
  for (let k = 0; k < 20; k++) await (await chat()).text();
  provider.seen.length = 0;
  const resting = await chat();
  expect([resting.status, resting.headers.get("x-signalbox-attempts"), provider.seen.length]).toEqual([
    429,
    "0",
    0,
  ]);
  // Lines, not thousands: one for each model, and another after ten seconds on a busy machine.
  const mostLines = ranking.length * (1 + Math.floor((performance.now() - start) / 10_000));
  expect(logged(worker, "provider_fault").length).toBeLessThanOrEqual(mostLines);
  expect((await route(worker, question)).status).toBe(200);
});
