import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { pause, post, route, untilHealth } from "./ask.ts";
import { type FaultWorker, startFaultWorker } from "./fault-worker.ts";
import { rotateModels } from "./other-bundle.ts";

let worker: FaultWorker;
let provider: FakeProvider | undefined;
afterEach(async () => {
  await worker.stop();
  await provider?.stop();
  provider = undefined;
});

const HOUR_MS = 3600_000;
const CLIENTS = 8;

test("workerd is killed under load and begins again", async () => {
  const state = await mkdtemp(join(tmpdir(), "signalbox-killed-"));
  provider = await startFakeProvider();
  worker = await startFaultWorker({ plainStorage: true, providerUrl: provider.baseUrl, state });
  const earlier = (await route(worker)).body.id;
  let running = true;
  let broken = 0;
  let accepted = 0;
  const others: number[] = [];
  const client = async () => {
    while (running) {
      try {
        const { body, status } = await route(worker);
        const answer =
          status === 200 ? await post(worker, "/v1/feedback", { decision: body.id, score: 1 }) : undefined;
        if (answer?.status === 200) accepted++;
        else others.push(answer?.status ?? status);
      } catch {
        broken++; // no connection, or one that ended: never half an answer
        await pause(50);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const [model] = (await route(worker)).body.ranking.map((candidate: { model: string }) => candidate.model);
  provider.behave(`fake/${model.replace(/@.*/, "")}`, { kind: "stall-mid-stream", chunks: 2 });
  const stream = await fetch(`${worker.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "x" }] }),
  });
  await pause(1500);
  worker.workerd.kill();
  await expect(stream.text()).rejects.toThrow();
  await pause(500);
  running = false;
  await Promise.all(clients);
  expect(broken).toBeGreaterThan(0);
  expect(others).toEqual([]);
  expect(accepted).toBeGreaterThan(10);
  await worker.stop().catch(() => undefined);

  worker = await startFaultWorker({
    plainStorage: true,
    providerUrl: provider.baseUrl,
    state,
    resumed: true,
  });
  expect((await route(worker)).status).toBe(200);
  const database = await worker.workerd.miniflare.getD1Database("DB", "storage");
  const row = await database.prepare("SELECT COUNT(*) AS count FROM feedback").first<{ count: number }>();
  // What was answered is there; of what was under way, each client had one at most.
  expect(row?.count).toBeGreaterThanOrEqual(accepted);
  expect(row?.count).toBeLessThanOrEqual(accepted + CLIENTS);
  // Decisions of before are still known: nothing of them was in memory.
  expect((await post(worker, "/v1/feedback", { decision: earlier, score: 1 })).status).toBe(200);
  await worker.stop();
  await rm(state, { recursive: true, force: true });
});

test("the clock goes back an hour", async () => {
  provider = await startFakeProvider();
  worker = await startFaultWorker({
    variables: { POINTER_REFRESH_MS: "300" },
    providerUrl: provider.baseUrl,
  });
  const { body } = await route(worker);
  const first = `fake/${body.model.replace(/@.*/, "")}`;
  const chat = () =>
    post(worker, "/v1/chat/completions", { model: body.model, messages: [{ role: "user", content: "x" }] });
  provider.behave(first, { kind: "status", status: 429, headers: { "retry-after": "60" } });
  expect((await chat()).status).toBe(429);
  provider.reset();
  await worker.jump(-HOUR_MS);
  // A new bundle is noticed, nothing rests for an hour, and a decision from the future takes feedback.
  const live = [...worker.contents].find(([key]) => key.startsWith("bundle/"))?.[1] as Uint8Array;
  const next = await worker.pointTo(rotateModels(live, 5), true);
  await expect.poll(async () => (await route(worker)).body.bundle).toBe(next);
  expect((await chat()).status).toBe(200);
  expect((await post(worker, "/v1/feedback", { decision: body.id, score: 1 })).status).toBe(200);
});

test("the clock goes back before anything could be loaded", async () => {
  worker = await startFaultWorker();
  worker.inject(() => ({ kind: "fail" }));
  expect((await route(worker)).status).toBe(503);
  await worker.jump(-HOUR_MS);
  worker.inject(() => ({ kind: "pass" }));
  await untilHealth(worker, "ok");
  expect((await route(worker)).status).toBe(200);
});

test("the clock goes forward", async () => {
  worker = await startFaultWorker({ variables: { POINTER_REFRESH_MS: "3600000" } });
  const { body } = await route(worker);
  await worker.jump(31 * 24 * HOUR_MS);
  const late = await post(worker, "/v1/feedback", { decision: body.id, score: 1 });
  expect([late.status, late.body.error.code]).toEqual([410, "decision_expired"]);
  const { status, body: next } = await route(worker);
  expect(status).toBe(200);
  expect((await post(worker, "/v1/feedback", { decision: next.id, score: 1 })).status).toBe(200);
});
