import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { kvKeys, type Pointer } from "../../src/contract/pointer.ts";
import { makeTables, sql } from "../operations/tables.ts";
import { type FreshWorker, startFreshWorker } from "../worker/fresh-worker.ts";
import { type Seed, seed } from "../worker/seed.ts";

const DECISION_SECRET = "0123456789abcdef0123456789abcdef";
let published: Seed;

beforeEach(async () => {
  published = await seed();
  await makeTables();
});

async function pointer(): Promise<Pointer> {
  return JSON.parse(
    new TextDecoder().decode(
      (await env.SIGNALBOX.get(kvKeys.active, { type: "arrayBuffer" })) as ArrayBuffer,
    ),
  );
}

/** Routes prompts and says that every answer was wrong. */
async function disappoint(worker: FreshWorker, prompts: number, from = 0): Promise<void> {
  for (let k = from; k < from + prompts; k++) {
    const { body } = await worker.route({ prompt: `What rhymes with ${k} oranges and ${k + 3} lemons?` });
    const { status } = await worker.send("/v1/feedback", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ decision: body.id, score: 0 }),
    });
    expect(status).toBe(200);
  }
}

const learning = { DECISION_SECRET, LEARN: "live", LEARN_MIN_FEEDBACK: "20" };

test("a scheduled run learns from feedback, publishes, and decides by it from then on", async () => {
  const worker = startFreshWorker(learning);
  await disappoint(worker, 19);
  await worker.scheduled();
  expect((await pointer()).bundle).toBe(published.bundle);

  await disappoint(worker, 21, 19);
  const before = await worker.route({ prompt: "What rhymes with 3 limes?" });
  await worker.scheduled();
  const now = await pointer();
  expect(now).toMatchObject({ base: published.bundle, previous: [{ bundle: published.bundle }] });
  expect(await sql("SELECT stage, bundle, reason FROM learning_runs")).toEqual([
    { stage: "published", bundle: now.bundle, reason: null },
  ]);
  // The isolate serves on and looks at the pointer beside.
  await vi.waitUntil(async () => (await worker.route()).body.bundle === now.bundle);
  const after = await worker.route({ prompt: "What rhymes with 3 limes?", models: [before.body.model] });
  expect(after.body.p_correct).toBeLessThan(before.body.p_correct);

  // Nothing new, nothing to do.
  await worker.scheduled();
  expect(await pointer()).toEqual(now);
});

test("as a canary, what was learned decides for a share of conversations", async () => {
  const worker = startFreshWorker({ ...learning, LEARN: "canary", LEARN_PERCENT: "25" });
  await disappoint(worker, 40);
  await worker.scheduled();
  const { bundle, canary, base } = await pointer();
  expect({ bundle, base }).toEqual({ bundle: published.bundle, base: published.bundle });
  expect(canary).toEqual({ bundle: expect.stringMatching(/^[0-9a-f]{64}$/), percent: 25 });
});

test("without LEARN a scheduled run does nothing, and without tables it fails with a line that says so", async () => {
  const idle = startFreshWorker({ DECISION_SECRET });
  await disappoint(idle, 40);
  await idle.scheduled();
  expect(await sql("SELECT * FROM learning_runs")).toEqual([]);
  await sql("DROP TABLE learning");
  const log = vi.spyOn(console, "log");
  await expect(startFreshWorker(learning).scheduled()).rejects.toThrow(/no such table/);
  expect(log.mock.calls.flat().join("\n")).toMatch(/"event":"not_learned","cause":"no_tables"/);
  log.mockRestore();
});
