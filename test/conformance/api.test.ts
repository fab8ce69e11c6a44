import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { connectSignalbox, type Signalbox } from "../../src/client/index.ts";
import { startTestWorker } from "./test-worker.ts";

// A black box over HTTP: SIGNALBOX_URL (and SIGNALBOX_KEY) name a deployed Worker; without them a local one is started.
let worker: LocalWorker | undefined;
let origin: string;
let signalbox: Signalbox;
const key = process.env["SIGNALBOX_KEY"];

beforeAll(async () => {
  const deployed = process.env["SIGNALBOX_URL"];
  worker =
    deployed === undefined ? await startTestWorker({ providerUrl: "http://127.0.0.1:1/v1" }) : undefined;
  origin = deployed ?? (worker as LocalWorker).origin;
  signalbox = connectSignalbox({
    baseUrl: origin,
    ...(key === undefined ? {} : { apiKey: key }),
    timeoutMs: 120_000,
  });
});

afterAll(() => worker?.stop());

const question = "How many positive divisors does 360 have?";

test("COLD-1: an isolate that just began answers all who come at once, also when the first one goes away", async () => {
  const first = new AbortController();
  const gone = signalbox.route({ prompt: question }, { signal: first.signal });
  const others = Array.from({ length: 10 }, () => signalbox.route({ prompt: question }));
  setTimeout(() => first.abort(), 30);
  await gone.catch(() => undefined);
  const answers = await Promise.all(others);
  expect(new Set(answers.map(({ model }) => model)).size).toBe(1);
});

test("HEALTH-1: a Worker in service says ok and names its parts", async () => {
  const health = await signalbox.health();
  expect(health).toMatchObject({ status: "ok", faults: [] });
  expect(health.bundle?.checksum).toMatch(/^[0-9a-f]{64}$/);
  expect(health.encoder?.checksum).toMatch(/^[0-9a-f]{64}$/);
});

test("ROUTE-1: a decision is complete, ranked, and the same every time", async () => {
  const first = await signalbox.route({ prompt: question });
  const second = await signalbox.route({ prompt: question });
  expect(first.ranking[0]?.model).toBe(first.model);
  expect(second).toEqual({ ...first, id: second.id });
  expect(second.id).not.toBe(first.id);
  for (const { p_correct, expected_usd } of first.ranking) {
    expect(p_correct).toBeGreaterThanOrEqual(0);
    expect(p_correct).toBeLessThanOrEqual(1);
    expect(expected_usd).toBeGreaterThanOrEqual(0);
  }
});

test("ROUTE-2: every rule chooses from the same candidates", async () => {
  const names = (ranking: readonly { readonly model: string }[]) => ranking.map(({ model }) => model).sort();
  const best = await signalbox.route({ prompt: question });
  for (const rule of [{ tolerance: 0.1 }, { min_p_correct: 0.5 }, { lambda_usd: 0.01 }, { spend: 1 }]) {
    expect(names((await signalbox.route({ prompt: question, ...rule })).ranking)).toEqual(
      names(best.ranking),
    );
  }
});

test("ROUTE-3: spend goes from the cheapest bill to the best answers", async () => {
  const usd: number[] = [];
  for (const spend of [0, 0.25, 0.5, 0.75, 1]) {
    usd.push((await signalbox.route({ prompt: question, spend })).expected_usd);
  }
  expect(usd[0]).toBeLessThanOrEqual(usd.at(-1) as number);
});

test.each([
  "👍",
  "如何预防感冒？",
  "วิธีป้องกันหวัดมีอะไรบ้าง",
  "🙂🙂🙃 🚀🚀",
  "為什麼天空是藍色的？請用一句話回答。",
  "ኢትዮጵያ የት ነው የምትገኘው?",
])("ROUTE-4: %s, which the encoder can't read, goes to the model that is best on average", async (prompt) => {
  const decided = await signalbox.route({ prompt });
  expect(decided.reason).toBe("best_on_average");
  expect(decided.familiarity).toBeLessThan(0.5);
});

test("BATCH-1: a batch equals its single decisions", async () => {
  const requests = [{ prompt: question }, { prompt: "Translate to Finnish: good morning", tolerance: 0.05 }];
  const batch = await signalbox.routeBatch(requests);
  for (const [index, request] of requests.entries()) {
    const single = await signalbox.route(request);
    expect(batch[index]).toEqual({ ...single, id: expect.any(String) });
  }
});

test("MODELS-1: the list begins with auto, and every decision names a listed model", async () => {
  const models = await signalbox.models();
  expect(models[0]?.id).toBe("auto");
  const { ranking } = await signalbox.route({ prompt: question });
  expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(ranking.map(({ model }) => model)));
});

test("ERROR-1: errors come in OpenAI's envelope with a stable code", async () => {
  await expect(signalbox.route({ prompt: question, models: ["no-such-model"] })).rejects.toMatchObject({
    status: 400,
    code: "unknown_model",
    param: "models",
  });
  const lost = await fetch(`${origin}/v1/nowhere`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  expect([lost.status, (await lost.json()).error.code]).toEqual([404, "not_found"]);
});

test("CONTRACT-1: openapi.json is served and describes what answers", async () => {
  const contract = await (await fetch(`${origin}/openapi.json`)).json();
  expect(contract.openapi).toBe("3.1.0");
  expect(Object.keys(contract.paths)).toEqual(expect.arrayContaining(["/v1/route", "/v1/models", "/health"]));
});

test("CONCURRENCY-1: fifty requests at once are all answered, the same for the same prompt", async () => {
  const prompts = Array.from({ length: 50 }, (_, k) => `${question} (${k % 10})`);
  const answers = await Promise.all(prompts.map((prompt) => signalbox.route({ prompt })));
  for (let k = 0; k < 50; k++) expect(answers[k]?.ranking).toEqual(answers[k % 10]?.ranking);
});
