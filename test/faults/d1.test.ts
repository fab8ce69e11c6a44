import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { health, logged, post, route, traffic } from "./ask.ts";
import { type FaultWorker, type FaultWorkerOptions, startFaultWorker } from "./fault-worker.ts";
import { migrate } from "./migrate.ts";

let worker: FaultWorker;
afterEach(() => worker.stop());

/** A Worker that has decided once, and the decision. */
async function startDecided(options: FaultWorkerOptions = {}): Promise<string> {
  worker = await startFaultWorker(options);
  return (await route(worker)).body.id;
}

const feedback = (decision: string, score = 1) => post(worker, "/v1/feedback", { decision, score });

test("D1 is down", async () => {
  const decision = await startDecided();
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "fail" : "pass" }));
  const { status, body, headers } = await feedback(decision);
  expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "feedback_not_stored", "5"]);
  expect(logged(worker, "feedback_not_stored").length).toBe(1);
  expect((await route(worker)).status).toBe(200);
  expect((await health(worker)).body.status).toBe("ok"); // decisions don't need it
  worker.inject(() => ({ kind: "pass" }));
  expect((await feedback(decision)).body).toMatchObject({ duplicate: false });
});

test("D1 takes feedback, but its answer is lost", async () => {
  const decision = await startDecided();
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "lost" : "pass" }));
  expect((await feedback(decision)).status).toBe(503);
  worker.inject(() => ({ kind: "pass" }));
  expect((await feedback(decision)).body).toMatchObject({ duplicate: true });
  expect((await feedback(decision, 0)).body.error.code).toBe("decision_replayed");
});

test("D1 never answers", async () => {
  const decision = await startDecided();
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "hang" : "pass" }));
  const { status, body } = await feedback(decision);
  expect([status, body.error.code]).toEqual([503, "feedback_not_stored"]);
  expect((await route(worker)).status).toBe(200);
});

test("D1 has no tables", async () => {
  const decision = await startDecided({ tables: false });
  const { status, body } = await feedback(decision);
  expect([status, body.error.code]).toEqual([503, "feedback_not_stored"]);
  expect(logged(worker, "feedback_not_stored")[0]?.["cause"]).toBe("no_tables");
  await migrate(worker.workerd, "storage");
  expect((await feedback(decision)).body).toMatchObject({ duplicate: false });
});

test("D1 is locked by another process", async () => {
  const decision = await startDecided({ plainStorage: true });
  // The file itself, as local workerd keeps it.
  const files = await readdir(worker.folder, { recursive: true });
  const holding = files
    .filter((name) => name.endsWith(".sqlite"))
    .flatMap((name) => {
      const database = new DatabaseSync(join(worker.folder, name));
      const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'feedback'").get();
      if (found !== undefined) return [database];
      database.close();
      return [];
    });
  expect(holding.length).toBe(1);
  const [database] = holding as [DatabaseSync];
  database.exec("BEGIN EXCLUSIVE");
  const { status, body } = await feedback(decision);
  expect([status, body.error.code]).toEqual([503, "feedback_not_stored"]);
  expect((await route(worker)).status).toBe(200);
  database.exec("ROLLBACK");
  database.close();
  expect((await feedback(decision)).body).toMatchObject({ duplicate: false });
});

test("D1 is down while decisions are logged there", async () => {
  await startDecided({ variables: { DECISION_LOG: "d1" } });
  // The row of the first decision is written after its answer.
  await expect.poll(async () => (await traffic(worker)).body.data.length).toBe(1);
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "fail" : "pass" }));
  for (let k = 0; k < 5; k++) expect((await route(worker)).status).toBe(200);
  await expect.poll(() => logged(worker, "not_recorded").length).toBe(5);
  expect((await health(worker)).body.status).toBe("ok");
});

test("D1 never answers while decisions are logged there", async () => {
  await startDecided({ variables: { DECISION_LOG: "d1" } });
  await expect.poll(async () => (await traffic(worker)).body.data.length).toBe(1);
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "hang" : "pass" }));
  const asked = performance.now();
  expect((await route(worker)).status).toBe(200);
  expect(performance.now() - asked).toBeLessThan(5000);
  // Sooner than D1's own 30 seconds.
  await expect.poll(() => logged(worker, "not_recorded").length).toBe(1);
  expect(logged(worker, "not_recorded")[0]?.["cause"]).toBe("timeout");
  worker.inject(() => ({ kind: "pass" }));
  await route(worker);
  await expect.poll(async () => (await traffic(worker)).body.data[0].decisions).toBe(2);
});

test("D1 never answers a question about traffic", async () => {
  await startDecided({ variables: { DECISION_LOG: "d1" } });
  worker.inject(({ storage }) => ({ kind: storage === "d1" ? "hang" : "pass" }));
  const { status, body, headers } = await traffic(worker);
  expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "decisions_unreadable", "5"]);
  expect(logged(worker, "traffic_unreadable").length).toBe(1);
});

test("the Analytics Engine isn't bound", async () => {
  await startDecided({ analytics: false });
  expect((await route(worker)).status).toBe(200);
  expect((await health(worker)).body.status).toBe("ok");
  expect(logged(worker, "not_recorded")).toEqual([]);
});
