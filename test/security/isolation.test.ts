import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// Two callers of one Worker: neither decides for the other, spends the other's limit, or learns what the other asked.
const secret = "0123456789abcdef0123456789abcdef";
let worker: WatchedWorker;
let alice: string;
let bob: string;

beforeAll(async () => {
  const records: string[] = [];
  [alice, bob] = (await Promise.all(
    ["alice", "bob"].map(async (name) => {
      const made = await createApiKey(name, (count) => crypto.getRandomValues(new Uint8Array(count)));
      if (!made.ok) throw new Error(made.failure.message);
      records.push(made.value.record);
      return made.value.key;
    }),
  )) as [string, string];
  worker = await startWatchedWorker({
    variables: { AUTH: "keys", API_KEYS: records.join(","), DECISION_SECRET: secret },
    requestsPerMinute: 200,
  });
});

afterAll(async () => {
  await worker?.stop();
  await removeBuild();
});

async function post(path: string, key: string, body: object) {
  const response = await fetch(worker.origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const route = async (key: string, body: object) => (await post("/v1/route", key, body)).body;
const counts = async () => (await (await fetch(`${worker.origin}/health`)).json()).embedding_cache;

describe("the cache of embeddings", () => {
  const prompt = "How many positive divisors does 360 have?";
  const strip = ({ id: _, ...decision }: Record<string, unknown>) => decision;

  test("no options of one caller change what another one gets", async () => {
    const alone = strip(await route(alice, { prompt }));
    for (const options of [
      { spend: 0 },
      { models: ["gpt-4o-mini"] },
      { exclude: ["gpt-5.4*"] },
      { max_usd: 0.001 },
      { min_p_correct: 0.1 },
      { current_model: "gpt-4.1" },
      { session: "x", explain: true },
      { require: { vision: true } },
    ]) {
      expect((await route(bob, { prompt, ...options })).model).toBeTypeOf("string");
      expect(strip(await route(alice, { prompt }))).toEqual(alone);
    }
    const labels = { prompts: [{ prompt, outcomes: { "gpt-4o-mini": 1, "gpt-5.4": 0 } }] };
    expect((await post("/v1/route/task", bob, labels)).status).toBe(200);
    expect(strip(await route(alice, { prompt }))).toEqual(alone);
  });

  test("no two texts share an entry, however alike their bytes", async () => {
    const texts = ["a\ud800", "a\ud801", "a\ufffd", "\u00e9", "e\u0301", "a", "a ", "a\u0000", "A"];
    const before = await counts();
    for (const text of texts) await route(alice, { prompt: text });
    // Lone surrogates are the replacement character in UTF-8, which the encoder drops just as it drops them.
    expect((await counts()).misses - before.misses).toBe(texts.length - 2);
  });

  test("the time of an answer doesn't tell that another caller asked the same", async () => {
    const asked = "a question that only alice asks";
    await route(alice, { prompt: asked });
    const before = await counts();
    await route(bob, { prompt: asked });
    const after = await counts();
    expect([after.hits - before.hits, after.misses - before.misses]).toEqual([0, 1]);
    await route(alice, { prompt: asked });
    expect((await counts()).hits - after.hits).toBe(1);
  });
});

describe("ids of decisions", () => {
  test("serve only the key that asked", async () => {
    const { id } = await route(alice, { prompt: "Hello" });
    const stolen = await post("/v1/feedback", bob, { decision: id, score: 0 });
    expect([stolen.status, stolen.body.error.code]).toEqual([400, "decision_invalid"]);
    expect(await worker.rows()).toEqual([]);
    const own = await post("/v1/feedback", alice, { decision: id, score: 1 });
    expect([own.status, own.body.duplicate]).toEqual([200, false]);
    expect((await worker.rows()).map(({ score, key_name }) => [score, key_name])).toEqual([[1, "alice"]]);
  });

  test("of a batch and of completions too", async () => {
    const { body } = await post("/v1/route/batch", alice, { requests: [{ prompt: "Hello" }] });
    const decision = body.data[0].id;
    expect((await post("/v1/feedback", bob, { decision, score: 0 })).status).toBe(400);
    expect((await post("/v1/feedback", alice, { decision, score: 0 })).status).toBe(200);
  });

  test("a replay counts once, from however many connections", async () => {
    const { id } = await route(alice, { prompt: "Hello" });
    const before = (await worker.rows()).length;
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => post("/v1/feedback", alice, { decision: id, score: 0.5 })),
    );
    expect(answers.filter(({ body }) => body.duplicate === false)).toHaveLength(1);
    const other = await post("/v1/feedback", alice, { decision: id, score: 1 });
    expect([other.status, other.body.error.code]).toEqual([409, "decision_replayed"]);
    expect((await worker.rows()).length - before).toBe(1);
  });

  test("no bit of one can be changed", async () => {
    const { id } = await route(alice, { prompt: "Hello" });
    const bytes = Buffer.from(id.slice("dec_".length), "base64url");
    const before = (await worker.rows()).length;
    // Version, time, number, bundle, encoder, length and text of the model, embedding, signature.
    for (const at of [
      0,
      1,
      4,
      5,
      20,
      21,
      29,
      37,
      38,
      60,
      bytes.length - 17,
      bytes.length - 16,
      bytes.length - 1,
    ]) {
      const forged = Buffer.from(bytes);
      forged[at] = forged[at] ^ 1;
      const decision = `dec_${forged.toString("base64url")}`;
      const { status, body } = await post("/v1/feedback", alice, { decision, score: 1 });
      expect([status, body.error.code]).toEqual([400, "decision_invalid"]);
    }
    for (const cut of [0, 1, 16, 37, bytes.length - 16]) {
      const decision = `dec_${bytes.subarray(0, cut).toString("base64url")}`;
      const { body } = await post("/v1/feedback", alice, { decision, score: 1 });
      expect(body.error.code).toBe("decision_invalid");
    }
    expect(await worker.rows()).toHaveLength(before);
  });

  test("one that never was is refused", async () => {
    const never = `dec_${crypto.randomUUID().replaceAll("-", "")}`;
    expect((await post("/v1/feedback", alice, { decision: never, score: 1 })).body.error.code).toBe(
      "decision_unsigned",
    );
    for (const decision of [
      `dec_${Buffer.alloc(900).toString("base64url")}`,
      "dec_",
      "",
      "null",
      "' OR 1=1 --",
    ]) {
      const { status, body } = await post("/v1/feedback", alice, { decision, score: 1 });
      expect([status, body.error.code]).toEqual([400, "decision_invalid"]);
    }
  });
});

test("who uses up a limit locks out nobody else", async () => {
  const statuses: number[] = [];
  // The limit is by the minute of the clock: where one begins meanwhile, as many more are let in.
  for (let round = 0; round < 3 && !statuses.includes(429); round++) {
    const asked = Array.from({ length: 250 }, () => post("/v1/route", bob, { prompt: "Hello" }));
    statuses.push(...(await Promise.all(asked)).map(({ status }) => status));
  }
  expect(statuses).toContain(429);
  expect((await post("/v1/route", alice, { prompt: "Hello" })).status).toBe(200);
  const guesses = await Promise.all(
    Array.from({ length: 250 }, async () => (await post("/v1/route", `${alice.slice(0, -1)}_`, {})).status),
  );
  // Wrong keys with a right name must not spend the limit of whoever has it.
  expect(new Set(guesses)).toEqual(new Set([401]));
  expect((await post("/v1/route", alice, { prompt: "Hello" })).status).toBe(200);
});
