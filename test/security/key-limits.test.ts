import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import type { KeyLimits } from "../../src/contract/key-limits.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { catalogueAt } from "../faults/provider-catalogue.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// What a key may cost is the operator's to say, whatever the request says.
const limits: Readonly<Record<string, KeyLimits>> = {
  free: {},
  spender: {},
  mini: { models: ["gpt-4o-mini", "*-haiku*"] },
  cheap: { maxUsd: 0.0005 },
  slow: { promptsPerMinute: 3 },
  short: { maxTokens: 100, maxAnswers: 2, fields: ["temperature"] },
};
const LIMIT = 200;
let provider: FakeProvider;
let worker: WatchedWorker;
const keys: Record<string, string> = {};

beforeAll(async () => {
  const records: string[] = [];
  for (const [name, bounds] of Object.entries(limits)) {
    const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));
    const made = await createApiKey(name, random, undefined, bounds);
    if (!made.ok) throw new Error(made.failure.message);
    records.push(made.value.record);
    keys[name] = made.value.key;
  }
  provider = await startFakeProvider();
  worker = await startWatchedWorker({
    variables: { API_KEYS: records.join(","), PROVIDER_KEY: "the-operators-own-key", DECISION_LOG: "d1" },
    catalogue: (document) =>
      new TextDecoder().decode(
        catalogueAt(new TextEncoder().encode(JSON.stringify(document)), provider.baseUrl),
      ),
    requestsPerMinute: LIMIT,
  });
});

afterEach(() => provider.reset());

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
  await removeBuild();
});

const messages = [{ role: "user", content: "Hello" }];

async function ask(name: string, body: object, path = "/v1/chat/completions") {
  const response = await fetch(worker.origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${keys[name]}` },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  const { code, param } = answer.error ?? {};
  return { status: response.status, answer, refusal: [response.status, code, param] };
}

describe("a key for some models", () => {
  test("completes with those alone, by name and by auto", async () => {
    const refused = await ask("mini", { model: "gpt-5.4", messages });
    expect(refused.refusal).toEqual([403, "key_not_allowed", "model"]);
    expect(provider.seen).toEqual([]);
    expect((await ask("mini", { model: "gpt-4o-mini", messages })).status).toBe(200);
    expect((await ask("mini", { model: "auto", messages })).status).toBe(200);
    for (const { model } of provider.seen) expect(model).toMatch(/gpt-4o-mini|haiku/);
    expect(provider.seen).toHaveLength(2);
  });

  test("decides among those alone", async () => {
    const { answer } = await ask("mini", { prompt: "Hello" }, "/v1/route");
    expect(answer.ranking.length).toBeGreaterThan(1);
    for (const { model } of answer.ranking) expect(model).toMatch(/gpt-4o-mini|haiku/);
    const other = await ask("mini", { prompt: "Hello", models: ["gpt-5.4"] }, "/v1/route");
    expect(other.status).toBe(400);
  });
});

test.each([
  [{ n: 3 }, "n"],
  [{ max_tokens: 101 }, "max_tokens"],
  [{ max_tokens: undefined }, "max_tokens"],
  [{ max_completion_tokens: 5000 }, "max_completion_tokens"],
  [{ web_search_options: {} }, "web_search_options"],
  [{ models: ["anthropic/claude-opus-4"] }, "models"],
  [{ provider: { order: ["x"] } }, "provider"],
  [{ service_tier: "priority" }, "service_tier"],
])("a key with bounds may not send %j, to a named model or to auto", async (fields, param) => {
  for (const model of ["gpt-4o-mini", "auto"]) {
    const body = { model, messages, max_tokens: 100, ...fields };
    expect((await ask("short", body)).refusal).toEqual([403, "key_not_allowed", param]);
  }
  expect(provider.seen).toEqual([]);
});

test("a key with bounds may send what is within them", async () => {
  const body = { messages, max_tokens: 100, n: 2, temperature: 0, stream: false };
  for (const model of ["gpt-4o-mini", "auto"])
    expect((await ask("short", { ...body, model })).status).toBe(200);
});

const long = "word ".repeat(100_000);
const everywhere: readonly [string, object][] = [
  ["content", { messages: [{ role: "user", content: `Hello ${long}` }] }],
  [
    "a part that says it has no text",
    {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hello" },
            { type: "file", text: "", file: { file_data: long } },
          ],
        },
      ],
    },
  ],
  [
    "an earlier answer's reasoning",
    { messages: [...messages, { role: "assistant", reasoning_content: long }] },
  ],
  ["functions", { functions: [{ name: "f", description: long }] }],
  ["a schema", { response_format: { type: "json_schema", json_schema: { description: long } } }],
  ["a prediction", { prediction: { type: "content", content: long } }],
];

describe("input that costs money", () => {
  test.each(everywhere)("in %s counts for max_usd, the request's own", async (_, fields) => {
    const signalbox = { max_usd: 0.0005 };
    const auto = await ask("free", { model: "auto", messages, ...fields, signalbox });
    expect(auto.refusal.slice(0, 2)).toEqual([400, "price_ceiling"]);
    const named = await ask("free", { model: "gpt-4o-mini", messages, ...fields, signalbox });
    expect(named.refusal).toEqual([400, "price_ceiling", "signalbox.max_usd"]);
    expect(provider.seen).toEqual([]);
  });

  test.each(everywhere)("in %s counts for the key's bound", async (_, fields) => {
    for (const model of ["auto", "gpt-4o-mini"]) {
      const { refusal } = await ask("cheap", { model, messages, ...fields });
      expect(refusal.slice(0, 2)).toEqual([400, "price_ceiling"]);
    }
    expect(provider.seen).toEqual([]);
  });

  test("a short one passes, and its answers count as many times as there are", async () => {
    const body = { model: "gpt-4o-mini", messages, max_tokens: 100 };
    expect((await ask("cheap", body)).status).toBe(200);
    expect((await ask("cheap", { ...body, n: 128 })).refusal.slice(0, 2)).toEqual([400, "price_ceiling"]);
    expect((await ask("cheap", { ...body, max_tokens: 16_000 })).refusal[1]).toBe("price_ceiling");
  });
});

test.each([
  [{ exclude: ["claude-*"] }, "claude-opus-4.8", "no_candidates"],
  [{ models: ["gpt-4o-mini"] }, "claude-opus-4.8", "no_candidates"],
  [{ max_usd: 0.00001 }, "claude-opus-4.8", "price_ceiling"],
])("options %j bind a model that is named too", async (signalbox, model, code) => {
  expect((await ask("free", { model, messages, signalbox })).refusal.slice(0, 2)).toEqual([400, code]);
  expect(provider.seen).toEqual([]);
});

test("completions of named models are recorded", async () => {
  await ask("free", { model: "gpt-5.4", messages });
  await expect
    .poll(async () =>
      (await worker.rows()).filter(({ reason, key_name }) => reason === "named" && key_name === "free"),
    )
    .toContainEqual(
      expect.objectContaining({ model: expect.stringMatching(/^gpt-5\.4/), path: "/v1/chat/completions" }),
    );
});

test("a key has so many prompts a minute, however they come, and takes none of another's", async () => {
  const requests = Array.from({ length: 4 }, () => ({ prompt: "Hello" }));
  const whole = await ask("slow", { requests }, "/v1/route/batch");
  expect(whole.refusal.slice(0, 2)).toEqual([429, "rate_limited"]);
  // The limit is by the minute of the clock: where one begins meanwhile, as many more are let in.
  const statuses: number[] = [];
  for (let k = 0; k < 8; k++) statuses.push((await ask("slow", { prompt: "Hello" }, "/v1/route")).status);
  expect(statuses).toContain(200);
  expect(statuses).toContain(429);
  expect((await ask("free", { prompt: "Hello" }, "/v1/route")).status).toBe(200);
});

test("each answer of a request is one of the key's limit", async () => {
  const statuses: number[] = [];
  // The limit is by the minute of the clock: where one begins meanwhile, as many more are let in.
  for (let k = 0; k < 6; k++)
    statuses.push((await ask("spender", { model: "gpt-4o-mini", messages, n: 128 })).status);
  expect(statuses).toContain(200);
  expect(statuses).toContain(429);
});
