import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readPublication } from "../../src/cli/kv/publication.ts";
import { kvKeys } from "../../src/contract/pointer.ts";
import { largeBundle, withBundles } from "../bench/large-bundle.ts";
import { openSocket, parseAnswer, request } from "../security/raw-http.ts";
import { codesOf, health, post, route, untilHealth } from "./ask.ts";
import { type FaultWorker, startFaultWorker } from "./fault-worker.ts";

let worker: FaultWorker | undefined;
afterEach(() => worker?.stop());

const MiB = 1024 ** 2;
const ISOLATE_BYTES = 128_000_000;

async function store(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [key, bytes] of contents) await worker?.put(key, bytes);
}

/** A batch that has arrived but for its last byte; what was answered so far. */
async function sendAllButTheEnd({ origin }: FaultWorker, body: string) {
  let answer = parseAnswer("");
  let read = "";
  const bytes = Buffer.from(body);
  const head = request("POST /v1/route/batch", [
    "content-type: application/json",
    `content-length: ${bytes.length}`,
  ]);
  const socket = openSocket(origin, () => undefined);
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    read += chunk;
    answer = parseAnswer(read);
  });
  socket.write(head);
  socket.write(bytes.subarray(0, -1));
  return {
    status: () => answer.status,
    code: () => /"code":"(\w+)"/.exec(answer.body)?.[1],
    retryAfter: () => answer.headers.get("retry-after"),
    end: () => void socket.write(bytes.subarray(-1)),
  };
}

function smallBundle({ contents }: FaultWorker): Uint8Array {
  return [...contents].find(([key]) => key.startsWith(kvKeys.bundle("")))?.[1] as Uint8Array;
}

test("the largest bundle that KV takes, and the largest batch", async () => {
  worker = await startFaultWorker({ plainStorage: true });
  await store(await withBundles(worker.contents, largeBundle(smallBundle(worker), 25 * MiB)));
  expect((await route(worker)).status).toBe(200);
  const requests = Array.from({ length: 32 }, (_, k) => ({ prompt: `${k} ${"many words ".repeat(23_000)}` }));
  expect((await post(worker, "/v1/route/batch", { requests })).status).toBe(200);
  const inspector = await worker.workerd.inspect();
  const { total } = await inspector.memoryHeld();
  inspector.close();
  expect(total).toBeGreaterThan(25 * MiB);
  expect(total).toBeLessThan(ISOLATE_BYTES / 2);
});

test("several of the largest bodies at once", async () => {
  worker = await startFaultWorker({ plainStorage: true, variables: { BODY_TIMEOUT_MS: "300000" } });
  expect((await route(worker)).status).toBe(200);
  const inspector = await worker.workerd.inspect();
  const before = (await inspector.memoryHeld()).total;
  const requests = Array.from({ length: 32 }, (_, k) => ({ prompt: `${k} ${"many words ".repeat(23_000)}` }));
  const bodies = await Promise.all(
    new Array(6)
      .fill(JSON.stringify({ requests }))
      .map((body) => sendAllButTheEnd(worker as FaultWorker, body)),
  );
  await expect.poll(() => bodies.filter(({ code }) => code() === "overloaded").length).toBe(4);
  const { total } = await inspector.memoryHeld();
  inspector.close();
  expect(total - before).toBeGreaterThan(15_000_000);
  expect(total - before).toBeLessThan(25_000_000);
  // An ordinary decision is not kept out.
  expect((await route(worker)).status).toBe(200);
  for (const { end } of bodies) end();
  await expect.poll(() => bodies.filter(({ status }) => status() === 200).length).toBe(2);
  const refused = bodies.find(({ status }) => status() === 503);
  expect(refused?.retryAfter()).toBe("5");
  // What was held was given back.
  expect((await post(worker, "/v1/route/batch", { requests })).status).toBe(200);
});

test("live bundle and canary are too large together", async () => {
  worker = await startFaultWorker({ plainStorage: true });
  const small = smallBundle(worker);
  const [large, other] = [0, 1].map((k) => largeBundle(small, 24 * MiB - 4096 * k)) as [
    Uint8Array,
    Uint8Array,
  ];
  await store(await withBundles(worker.contents, small, large));
  expect((await untilHealth(worker, "ok")).body.canary).not.toBeNull();
  const both = await withBundles(worker.contents, large, other);
  await store(both);
  expect(codesOf(await untilHealth(worker, "degraded"))).toEqual(["bundles_too_large"]);
  expect((await health(worker)).body.canary).toBeNull();
  const answer = await route(worker);
  expect([answer.status, both.has(kvKeys.bundle(answer.body.bundle))]).toEqual([200, true]);
  await store(await withBundles(worker.contents, large, small));
  await untilHealth(worker, "ok");
});

test("a bundle that no KV value could hold is not published", async () => {
  worker = undefined;
  const folder = await mkdtemp(join(tmpdir(), "signalbox-large-"));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "bundle.safetensors"), new Uint8Array(25 * MiB + 1));
  await writeFile(join(folder, "catalogue.json"), "{}");
  const publication = await readPublication(folder);
  await rm(folder, { recursive: true });
  expect(publication.ok ? "published" : publication.failure.code).toBe("bundle_too_large");
});
