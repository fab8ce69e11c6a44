import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { kvKeys, type Pointer } from "../../src/contract/pointer.ts";
import type { Conversation } from "../../src/contract/question.ts";
import { servingFor } from "../../src/router/canary.ts";
import type { Serving } from "../../src/router/serving.ts";
import { type FreshWorker, startFreshWorker } from "../worker/fresh-worker.ts";
import { putContent, readModelFile, type Seed, seed } from "../worker/seed.ts";
import { variantBundle } from "./variant-bundle.ts";

const prompt = "How many positive divisors does 360 have?";
let live: Seed;
/** Decides otherwise: its models wear each other's names. */
let reversed: string;
/** Decides alike, under another checksum. */
let renamed: string;

beforeEach(async () => {
  live = await seed();
  const bundle = await readModelFile("default/bundle.safetensors");
  reversed = await putContent(
    "bundle",
    variantBundle(bundle, (document) => document.models.reverse()),
  );
  renamed = await putContent(
    "bundle",
    variantBundle(bundle, (document) => {
      document["name"] = "renamed";
    }),
  );
});

async function point(trials: Pick<Pointer, "canary" | "shadow">): Promise<void> {
  const pointer = { format_version: 1, ...live, published_at: "2026-01-01T00:00:00.000Z", ...trials };
  await env.SIGNALBOX.put(kvKeys.active, JSON.stringify(pointer));
}

/** The bundle that decided for each session, through the batch endpoint. */
async function bundlesOf(worker: FreshWorker, sessions: readonly string[]): Promise<readonly string[]> {
  const bundles: string[] = [];
  for (let start = 0; start < sessions.length; start += 32) {
    const requests = sessions.slice(start, start + 32).map((session) => ({ prompt, session }));
    const { body } = await worker.send("/v1/route/batch", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ requests }),
    });
    bundles.push(...body.data.map(({ bundle }: { bundle: string }) => bundle));
  }
  return bundles;
}

test("10 % of 5,000 conversations, give or take 1 %; the same ones in another isolate; more stay in at 30 %", async () => {
  const sessions = Array.from({ length: 5000 }, (_, k) => `conversation-${k}`);
  await point({ canary: { bundle: reversed, percent: 10 } });
  const first = await bundlesOf(startFreshWorker(), sessions);
  const share = first.filter((bundle) => bundle === reversed).length / 50;
  console.log(`canary share of 5,000 sessions: ${share} %`);
  expect(share).toBeGreaterThan(9);
  expect(share).toBeLessThan(11);
  expect(first.every((bundle) => bundle === reversed || bundle === live.bundle)).toBe(true);
  expect(await bundlesOf(startFreshWorker(), sessions.slice(0, 640))).toEqual(first.slice(0, 640));
  await point({ canary: { bundle: reversed, percent: 30 } });
  const wider = await bundlesOf(startFreshWorker(), sessions.slice(0, 640));
  expect(wider.filter((bundle, k) => first[k] === reversed && bundle !== reversed)).toEqual([]);
  // Another canary meets other conversations.
  await point({ canary: { bundle: renamed, percent: 10 } });
  const other = await bundlesOf(startFreshWorker(), sessions.slice(0, 640));
  const both = other.filter((bundle, k) => bundle === renamed && first[k] === reversed).length;
  expect(both).toBeLessThan(20);
});

test("without a session the first user turn tells: 5,000 conversations, 10 %, and no turn flips", async () => {
  const canary = { percent: 10, serving: { pointer: { bundle: "c".repeat(64) } } };
  const serving = { pointer: { bundle: "a".repeat(64) }, canary } as unknown as Serving;
  let taken = 0;
  for (let k = 0; k < 5000; k++) {
    const opening = [{ role: "user", content: `Question ${k}: what is ${k} + ${k * 7}?` }];
    const later = [
      { role: "system", content: "Be brief." },
      ...opening,
      { role: "assistant", content: "Why?" },
      { role: "user", content: `Because of ${k}.` },
    ];
    const chosen = await servingFor(serving, conversationOf(opening));
    expect(await servingFor(serving, conversationOf(later))).toBe(chosen);
    if (chosen === canary.serving) taken++;
  }
  expect(taken / 50).toBeGreaterThan(9);
  expect(taken / 50).toBeLessThan(11);
});

test("a conversation stays whatever it is routed on; headers and /health tell the bundle", async () => {
  await point({ canary: { bundle: reversed, percent: 50 } });
  const worker = startFreshWorker();
  for (let k = 0; k < 12; k++) {
    const opening = [{ role: "user", content: `Conversation ${k}` }];
    const turns = [...opening, { role: "assistant", content: "Yes?" }, { role: "user", content: "Go on." }];
    const before = await worker.route({ messages: opening });
    for (const route_on of ["first", "last", "all"]) {
      const after = await worker.route({ messages: turns, route_on });
      expect(after.headers.get("x-signalbox-bundle")).toBe(before.headers.get("x-signalbox-bundle"));
      expect(after.body.bundle).toBe(before.body.bundle);
    }
  }
  expect((await worker.send("/health")).body).toMatchObject({
    status: "ok",
    bundle: { checksum: live.bundle },
    canary: { checksum: reversed, percent: 50 },
    shadow: null,
  });
});

test.each(["canary", "shadow"] as const)(
  "a broken %s is a fault, and the live bundle serves",
  async (kind) => {
    const missing = "0".repeat(64);
    await point({ [kind]: { bundle: missing, percent: 100 } });
    const worker = startFreshWorker();
    expect((await worker.route()).body.bundle).toBe(live.bundle);
    expect((await worker.send("/health")).body).toMatchObject({
      status: "degraded",
      faults: [{ code: "bundle_missing", message: expect.stringMatching(`^${kind}: `) }],
      [kind]: null,
    });
    // The fault stays until it is mended, and ends by itself then.
    expect((await worker.send("/health")).body.status).toBe("degraded");
    await point({ [kind]: { bundle: reversed, percent: 100 } });
    await worker.route();
    expect((await worker.send("/health")).body).toMatchObject({
      status: "ok",
      [kind]: { checksum: reversed },
    });
  },
);

test("a canary brings its own prices along", async () => {
  const catalogue = JSON.parse(new TextDecoder().decode(await readModelFile("default/catalogue.json")));
  catalogue.prices_as_of = "2026-01-01";
  const dearer = await putContent("catalogue", new TextEncoder().encode(JSON.stringify(catalogue)));
  await point({ canary: { bundle: renamed, catalogue: dearer, percent: 100 } });
  expect((await startFreshWorker().route()).body).toMatchObject({ bundle: renamed, catalogue: dearer });
});

test("a shadow never answers; what it would have chosen is counted and recorded", async () => {
  const points: { blobs: string[]; doubles: number[]; indexes: string[] }[] = [];
  const ANALYTICS = { writeDataPoint: (data: (typeof points)[number]) => points.push(data) };
  await point({ shadow: { bundle: reversed } });
  const worker = startFreshWorker({ ANALYTICS });
  const prompts = ["What is 2 + 2?", "Prove that 7 is prime.", "Who wrote Kalevala?"];
  const answers = [];
  for (const text of prompts) answers.push((await worker.route({ prompt: text })).body);
  expect(answers.every(({ bundle }) => bundle === live.bundle)).toBe(true);
  const shadowOnly = startFreshWorker();
  await point({ canary: { bundle: reversed, percent: 100 } });
  await shadowOnly.route();
  const expected: string[] = [];
  for (const text of prompts) expected.push((await shadowOnly.route({ prompt: text })).body.model);
  expect(points.map(({ blobs }) => blobs[7])).toEqual(expected);
  const different = answers.filter(({ model }, k) => model !== expected[k]).length;
  expect(different).toBeGreaterThan(0);
  await point({ shadow: { bundle: reversed } });
  expect((await worker.send("/health")).body.shadow).toMatchObject({ compared: 3, different });
  for (const [k, { indexes, blobs, doubles }] of points.entries()) {
    expect(indexes).toEqual(["open"]);
    expect(blobs.slice(0, 7)).toEqual([
      answers[k].model,
      answers[k].reason,
      live.bundle,
      "live",
      null,
      "/v1/route",
      reversed,
    ]);
    expect(doubles.slice(0, 3)).toEqual([
      answers[k].p_correct,
      answers[k].expected_usd,
      answers[k].familiarity,
    ]);
    expect(doubles[4]).toBeLessThanOrEqual(answers[k].expected_usd);
  }
  expect(JSON.stringify(points)).not.toContain("Kalevala");
});

function conversationOf(said: Conversation["said"]): Conversation {
  return { said, tools: [], beside: [], routeOn: "first", session: undefined };
}
