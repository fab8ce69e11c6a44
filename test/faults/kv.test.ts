import { afterEach, expect, test } from "vitest";
import { kvKeys } from "../../src/contract/pointer.ts";
import { codesOf, health, logged, pause, route, untilHealth } from "./ask.ts";
import { type Call, type FaultWorker, startFaultWorker } from "./fault-worker.ts";
import { rotateModels } from "./other-bundle.ts";

// Each test has a workerd of its own, since half of what matters is how an isolate begins.
let worker: FaultWorker;
afterEach(() => worker.stop());

const pass = () => ({ kind: "pass" }) as const;
const isKey = (call: Call, prefix: string) => call.storage === "kv" && call.key.startsWith(prefix);

function liveBundle({ contents }: FaultWorker): Uint8Array {
  return [...contents].find(([key]) => key.startsWith("bundle/"))?.[1] as Uint8Array;
}

/** A Worker that has decided once. */
async function startWarm(): Promise<FaultWorker> {
  const started = await startFaultWorker();
  expect((await route(started)).status).toBe(200);
  return started;
}

test("KV is slow when an isolate begins", async () => {
  worker = await startFaultWorker();
  let pointerReads = 0;
  worker.inject(async (call) => {
    if (isKey(call, "active")) pointerReads++;
    await pause(700);
    return { kind: "pass" };
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => route(worker)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(pointerReads).toBe(1);
  expect(logged(worker, "fault")).toEqual([]);
});

test("KV is slow while an isolate serves", async () => {
  worker = await startWarm();
  worker.inject(async () => {
    await pause(3000);
    return { kind: "pass" };
  });
  const start = performance.now();
  for (let k = 0; k < 5; k++) expect((await route(worker)).status).toBe(200);
  expect(performance.now() - start).toBeLessThan(2500);
  expect((await health(worker)).body.status).toBe("ok");
});

test("KV never answers when an isolate begins", async () => {
  worker = await startFaultWorker();
  worker.inject(() => ({ kind: "hang" }));
  const answers = await Promise.all([route(worker), route(worker, "another")]);
  for (const { status, headers, body } of answers) {
    expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "storage_unavailable", "5"]);
  }
  worker.inject(pass);
  await pause(1100); // reads are tried once a second while there is nothing to serve
  expect((await route(worker)).status).toBe(200);
  expect(logged(worker, "recovered").length).toBe(1);
});

test("KV never answers while an isolate serves", async () => {
  worker = await startWarm();
  worker.inject(() => ({ kind: "hang" }));
  expect((await route(worker)).status).toBe(200);
  expect(codesOf(await untilHealth(worker, "degraded"))).toEqual(["storage_unavailable"]);
  expect((await route(worker)).status).toBe(200);
  worker.inject(pass);
  await untilHealth(worker, "ok");
});

test("KV fails when an isolate begins", async () => {
  worker = await startFaultWorker();
  worker.inject(() => ({ kind: "fail" }));
  const { status, body } = await route(worker);
  expect([status, body.error.code]).toEqual([503, "storage_unavailable"]);
  const sick = await health(worker);
  expect([sick.status, sick.body.status, ...codesOf(sick)]).toEqual([
    503,
    "unavailable",
    "storage_unavailable",
  ]);
  expect(logged(worker, "fault")[0]?.["code"]).toBe("storage_unavailable");
  worker.inject(pass);
  await untilHealth(worker, "ok");
  expect((await route(worker)).status).toBe(200);
});

test("KV fails while an isolate serves", async () => {
  worker = await startWarm();
  worker.inject(() => ({ kind: "fail" }));
  for (let k = 0; k < 20; k++) expect((await route(worker)).status).toBe(200);
  expect(codesOf(await untilHealth(worker, "degraded"))).toEqual(["storage_unavailable"]);
  expect(logged(worker, "fault").length).toBe(1); // once, not once a request
  worker.inject(pass);
  await untilHealth(worker, "ok");
  expect(logged(worker, "recovered").length).toBe(1);
});

test("KV fails for the profile of a task", async () => {
  worker = await startWarm();
  worker.inject((call) => (isKey(call, "task/") ? { kind: "fail" } : { kind: "pass" }));
  const ask = (body: object) =>
    fetch(`${worker.origin}/v1/route`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ prompt: "x", ...body }),
    });
  const answer = await ask({ task: "refunds" });
  expect([answer.status, (await answer.json()).error.code]).toEqual([503, "storage_unavailable"]);
  expect((await ask({})).status).toBe(200);
  worker.inject(pass);
  expect((await (await ask({ task: "refunds" })).json()).error.code).toBe("unknown_task");
});

test("the edge goes back to an old pointer", async () => {
  worker = await startWarm();
  const before = (await route(worker)).body;
  const old = new TextDecoder().decode(worker.contents.get(kvKeys.active));
  const next = await worker.pointTo(rotateModels(liveBundle(worker), 7), true);
  await expect.poll(async () => (await route(worker)).body.bundle).toBe(next);
  const after = (await route(worker)).body;
  worker.inject((call) => (isKey(call, "active") ? { kind: "text", text: old } : { kind: "pass" }));
  // Whichever answers, its decision is that bundle's.
  const seen = new Set<string>();
  for (let k = 0; k < 20; k++) {
    const { body, status } = await route(worker);
    expect([status, body.model]).toEqual([200, body.bundle === next ? after.model : before.model]);
    seen.add(body.bundle);
    if (k === 10) worker.inject(pass);
  }
  expect([...seen]).toContain(before.bundle);
  expect((await route(worker)).body.bundle).toBe(next);
  expect((await health(worker)).body.status).toBe("ok");
});

test("KV answers with another key's bytes", async () => {
  const key = (prefix: string) =>
    [...worker.contents.keys()].find((name) => name.startsWith(prefix)) as string;
  for (const [wanted, given, code] of [
    ["active", "bundle/", "pointer_invalid"],
    ["bundle/", "catalogue/", "bundle_corrupt"],
    ["catalogue/", "active", "catalogue_corrupt"],
    ["encoder/", "bundle/", "encoder_corrupt"],
  ] as const) {
    // Another isolate each: parts that were loaded before stay.
    await worker?.stop();
    worker = await startFaultWorker();
    worker.inject((call) => (isKey(call, wanted) ? { kind: "other", key: key(given) } : { kind: "pass" }));
    const { status, body } = await route(worker);
    expect([wanted, status, body.error?.code]).toEqual([wanted, 503, code]);
    expect(codesOf(await health(worker))).toContain(code);
  }
  worker.inject(pass);
  expect((await route(worker)).status).toBe(200);
});

test("KV cuts values short", async () => {
  for (const [prefix, code] of [
    ["active", "pointer_invalid"],
    ["bundle/", "bundle_corrupt"],
    ["catalogue/", "catalogue_corrupt"],
    ["encoder/", "encoder_corrupt"],
  ] as const) {
    await worker?.stop();
    worker = await startFaultWorker();
    worker.inject((call) => (isKey(call, prefix) ? { kind: "half" } : { kind: "pass" }));
    const { status, body } = await route(worker);
    expect([prefix, status, body.error?.code]).toEqual([prefix, 503, code]);
  }
  worker.inject(pass);
  expect((await route(worker)).status).toBe(200);
});

test("the pointer arrives before the content, while an isolate serves", async () => {
  worker = await startWarm();
  const before = (await route(worker)).body;
  const bundle = rotateModels(liveBundle(worker), 3);
  const next = await worker.pointTo(bundle, false);
  expect(codesOf(await untilHealth(worker, "degraded"))).toEqual(["bundle_missing"]);
  expect((await route(worker)).body).toMatchObject({ bundle: before.bundle, model: before.model });
  await worker.put(kvKeys.bundle(next), bundle);
  await untilHealth(worker, "ok");
  expect((await route(worker)).body.bundle).toBe(next);
});

test("the pointer arrives before the content, when an isolate begins", async () => {
  worker = await startFaultWorker();
  const bundle = rotateModels(liveBundle(worker), 3);
  const next = await worker.pointTo(bundle, false);
  const { status, body } = await route(worker);
  expect([status, body.error.code]).toEqual([503, "bundle_missing"]);
  await worker.put(kvKeys.bundle(next), bundle);
  await untilHealth(worker, "ok");
  expect((await route(worker)).body.bundle).toBe(next);
});

test("the edge remembers that a key was missing", async () => {
  worker = await startFaultWorker();
  // Cloudflare's edge keeps "no such key" for the cacheTtl of who asked first; a shorter one asks again.
  const missed = new Map<string, number>();
  const startedAt = Date.now();
  let arrivesAt = Number.POSITIVE_INFINITY;
  const SECOND_MS = 20; // the edge's seconds pass faster, so that 30 of them take .6
  worker.inject((call) => {
    if (!isKey(call, "bundle/") || call.storage !== "kv") return { kind: "pass" };
    const age = Date.now() - (missed.get(call.key) ?? Number.NEGATIVE_INFINITY);
    if (age < call.cacheTtl * SECOND_MS) return { kind: "missing" };
    if (Date.now() > arrivesAt) return { kind: "pass" };
    missed.set(call.key, Date.now());
    return { kind: "missing" };
  });
  expect((await route(worker)).body.error.code).toBe("bundle_missing");
  arrivesAt = startedAt + 500;
  await untilHealth(worker, "ok");
  expect((await route(worker)).status).toBe(200);
});

test("the request that loads goes away", async () => {
  worker = await startFaultWorker();
  worker.inject(async () => {
    await pause(1000);
    return { kind: "pass" };
  });
  const abort = new AbortController();
  const gone = fetch(`${worker.origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: "x" }),
    signal: abort.signal,
  });
  gone.catch(() => undefined);
  await pause(300);
  const waiting = route(worker);
  await pause(200);
  abort.abort();
  expect((await waiting).status).toBe(200);
});
