import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { createApiKey } from "../../src/contract/api-key.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { startTestWorker } from "./test-worker.ts";

// The official package, unchanged: what an app has today, with another base URL.
let provider: FakeProvider;
let worker: LocalWorker;
let openai: OpenAI;
let model: string;

const messages = [{ role: "user" as const, content: "How many positive divisors does 360 have?" }];

beforeAll(async () => {
  const made = await createApiKey("app", (count) => crypto.getRandomValues(new Uint8Array(count)));
  if (!made.ok) throw new Error(made.failure.message);
  provider = await startFakeProvider();
  worker = await startTestWorker({
    providerUrl: provider.baseUrl,
    variables: { AUTH: "keys", API_KEYS: made.value.record },
  });
  openai = new OpenAI({ baseURL: `${worker.origin}/v1`, apiKey: made.value.key, maxRetries: 0 });
  const models = await openai.models.list();
  model = models.data.find(({ id }) => id !== "auto")?.id as string;
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

beforeEach(() => provider.reset());

describe("the openai package", () => {
  test("lists models, auto first", async () => {
    const { data } = await openai.models.list();
    expect(data[0]?.id).toBe("auto");
    expect(data.length).toBeGreaterThan(5);
  });

  test("completes", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: "auto", messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toMatch(/^Hello from fake\//);
    expect(data.usage?.total_tokens).toBe(21);
    expect(response.headers.get("x-signalbox-model")).toBe(provider.seen[0]?.model.replace("fake/", ""));
  });

  test("takes Signalbox's options beside OpenAI's", async () => {
    const body = { model: "auto", messages, signalbox: { models: [model], explain: false } };
    const { response } = await openai.chat.completions.create(body).withResponse();
    expect(response.headers.get("x-signalbox-model")).toBe(model);
  });

  test("streams", async () => {
    let text = "";
    let chunks = 0;
    for await (const chunk of await openai.chat.completions.create({
      model: "auto:tolerance=0.1",
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? "";
      chunks++;
    }
    expect(chunks).toBe(5);
    expect(text).toBe("word1 字🙂 word2 字🙂 word3 字🙂 word4 字🙂 ");
  });

  test("calls tools", async () => {
    for (const { id } of (await openai.models.list()).data)
      provider.behave(`fake/${id}`, { kind: "tool-call" });
    const completion = await openai.chat.completions.create({
      model: "auto",
      messages,
      tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
    });
    const call = completion.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({ city: "Turku" });
    expect(provider.seen[0]?.body.tools).toHaveLength(1);
  });

  test("aborts a stream, and the provider hears of it", async () => {
    provider.behave(`fake/${model}`, { kind: "answer", chunks: 200_000 });
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    await expect.poll(() => provider.seen[0]?.aborted).toBe(true);
  });

  test("raises its own errors", async () => {
    const create = (body: object = {}, client = openai) =>
      client.chat.completions.create({ model: "auto", messages, ...body });
    const stranger = new OpenAI({ baseURL: `${worker.origin}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
    await expect(create({}, stranger)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(create({ model: "gpt-99" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(create({ signalbox: { spend: 2 } })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(create({ signalbox: { spend: 2 } })).rejects.toMatchObject({
      status: 400,
      code: "invalid_request",
      param: "signalbox.spend",
    });
    provider.behave(`fake/${model}`, { kind: "status", status: 500 });
    await expect(create({ model })).rejects.toBeInstanceOf(OpenAI.InternalServerError);
    provider.behave(`fake/${model}`, { kind: "status", status: 429, headers: { "retry-after": "1" } });
    await expect(create({ model })).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });
});
