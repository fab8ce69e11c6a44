import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { type Behavior, type FakeProvider, startFakeProvider, streamOf } from "./fake-provider.ts";
import { startTestWorker } from "./test-worker.ts";

let provider: FakeProvider;
let worker: LocalWorker;
const catalogue = JSON.parse(
  readFileSync(new URL("../../models/default/catalogue.json", import.meta.url), "utf8"),
);
/** The best three models for the question, best first. */
let ranking: readonly [string, string, string];

const question = "How many positive divisors does 360 have?";
const messages = [{ role: "user", content: question }];

beforeAll(async () => {
  provider = await startFakeProvider();
  worker = await startTestWorker({
    providerUrl: provider.baseUrl,
    variables: { ATTEMPT_TIMEOUT_MS: "700", TOTAL_TIMEOUT_MS: "5000" },
  });
  const decided = await (await post("/v1/route", { prompt: question })).json();
  ranking = decided.ranking.slice(0, 3).map(({ model }: { readonly model: string }) => model);
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

beforeEach(() => provider.reset());

function post(path: string, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${worker.origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

const chat = (fields: object = {}, init: RequestInit = {}) =>
  post("/v1/chat/completions", { model: "auto", messages, ...fields }, init);
const upstream = (model: string) => `fake/${model.replace(/@.*/, "")}`;
/** What a variant adds to a request, by the catalogue. */
function effort(model: string): object {
  const [name = "", variant = ""] = model.split("@");
  const { variants = {} } = catalogue.models[name] as {
    readonly variants?: Record<string, { request: object }>;
  };
  return variants[variant]?.request ?? {};
}
const asked = () => provider.seen.map(({ model }) => model);

describe("a completion", () => {
  test("with `auto` goes to the best model, as it came, and the answer comes back as it is", async () => {
    const response = await chat({
      user: "someone",
      seed: 7,
      unknown_extra: { a: [1] },
      signalbox: { explain: true },
    });
    expect(response.status).toBe(200);
    const body = await response.json();
    expect(body.choices[0].message.content).toBe(`Hello from ${upstream(ranking[0])}`);
    expect(body.usage).toEqual({ prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 });
    expect(provider.seen[0]?.body).toEqual({
      model: upstream(ranking[0]),
      messages,
      user: "someone",
      seed: 7,
      unknown_extra: { a: [1] },
      ...effort(ranking[0]),
    });
    expect(provider.seen[0]).toMatchObject({ path: "/v1/chat/completions" });
    expect(provider.seen[0]?.headers.authorization).toBe("Bearer fake-provider-key");
    expect(response.headers.get("x-signalbox-model")).toBe(ranking[0]);
    expect(response.headers.get("x-signalbox-attempts")).toBe("1");
    expect(response.headers.get("x-signalbox-reason")).toMatch(/^[a-z_]+$/);
    expect(response.headers.get("x-signalbox-decision")).toMatch(/^dec_/);
    expect(response.headers.get("x-request-id")).toBe("req_fake");
  });

  test("takes options in the model's name and in `signalbox`", async () => {
    const cheap = await chat({ model: "auto:tolerance=0.3,max_usd=1" });
    expect(cheap.headers.get("x-signalbox-reason")).toBe("cheapest_within_tolerance");
    const only = await chat({ signalbox: { models: [ranking[2]] } });
    expect(only.headers.get("x-signalbox-model")).toBe(ranking[2]);
    expect(only.headers.get("x-signalbox-reason")).toBe("only_candidate");
  });

  test("with a model's name passes through", async () => {
    const response = await chat({ model: ranking[1] });
    expect(response.headers.get("x-signalbox-model")).toBe(ranking[1]);
    expect(response.headers.get("x-signalbox-reason")).toBeNull();
    expect(asked()).toEqual([upstream(ranking[1])]);
  });

  test.each([
    [{ model: "no-such-model" }, 404, "model_not_found", "model"],
    [{ model: "auto:spend" }, 400, "invalid_request", "model"],
    [{ model: "auto:spend=much" }, 400, "invalid_request", "model"],
    [{ model: "auto:spend=0x1" }, 400, "invalid_request", "model"],
    [{ model: "auto:spend= " }, 400, "invalid_request", "model"],
    [{ model: "auto:spend=0,spend=1" }, 400, "invalid_request", "model"],
    [{ model: "auto:url=http://evil.example" }, 400, "invalid_request", "model"],
    [{ model: "x\r\nx-injected: 1" }, 404, "model_not_found", "model"],
    [{ model: 7 }, 400, "invalid_request", "model"],
    [{ messages: [] }, 400, "invalid_request", "messages"],
    [{ signalbox: { spend: 2 } }, 400, "invalid_request", "signalbox.spend"],
    [{ signalbox: { base_url: "http://evil.example" } }, 400, "invalid_request", "signalbox.base_url"],
    [{ model: "auto:spend=0.5", signalbox: { tolerance: 0.1 } }, 400, "conflicting_rules", "tolerance"],
  ])("%j is refused before any provider is asked", async (fields, status, code, param) => {
    const response = await chat(fields);
    expect(response.status).toBe(status);
    expect((await response.json()).error).toMatchObject({ code, param });
    expect([...response.headers.keys()]).not.toContain("x-injected");
    expect(provider.seen).toEqual([]);
  });
});

describe("fallbacks", () => {
  const faults: readonly [string, Behavior, number, string][] = [
    ["no connection", { kind: "hang-up" }, 502, "upstream_failed"],
    ["408", { kind: "status", status: 408 }, 502, "upstream_failed"],
    ["500", { kind: "status", status: 500 }, 502, "upstream_failed"],
    ["503", { kind: "status", status: 503 }, 502, "upstream_failed"],
    [
      "a redirect",
      { kind: "status", status: 302, headers: { location: "http://127.0.0.1:1/" } },
      502,
      "upstream_failed",
    ],
  ];

  test.each(faults)("%s at each position of the ranking", async (_, behavior, status, code) => {
    for (let broken = 1; broken <= 3; broken++) {
      provider.reset();
      for (const model of ranking.slice(0, broken)) provider.behave(upstream(model), behavior);
      const response = await chat();
      expect(asked()).toEqual(ranking.slice(0, Math.min(broken + 1, 3)).map(upstream));
      expect(response.headers.get("x-signalbox-attempts")).toBe(String(Math.min(broken + 1, 3)));
      if (broken < 3) {
        expect(response.status).toBe(200);
        expect(response.headers.get("x-signalbox-model")).toBe(ranking[broken]);
        expect((await response.json()).choices[0].message.content).toBe(
          `Hello from ${upstream(ranking[broken] as string)}`,
        );
      } else {
        expect([response.status, (await response.json()).error.code]).toEqual([status, code]);
      }
    }
  });

  test.each<[string, Behavior]>([
    ["silence", { kind: "stall" }],
    ["headers, then silence", { kind: "stall-after-headers" }],
  ])("%s in place of a stream", async (_, behavior) => {
    provider.behave(upstream(ranking[0]), behavior);
    const response = await chat({ stream: true });
    expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, ranking[1]]);
    await response.text();
    for (const model of ranking) provider.behave(upstream(model), behavior);
    const late = await chat({ stream: true });
    expect([late.status, (await late.json()).error.code]).toEqual([504, "upstream_timeout"]);
  });

  test("an answer that isn't streamed may take all the time there is, and nobody else is paid for it", async () => {
    for (const model of ranking) provider.behave(upstream(model), { kind: "answer", delayMs: 1500 });
    const response = await chat();
    expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, ranking[0]]);
    expect(asked()).toEqual([upstream(ranking[0])]);
    provider.reset();
    for (const model of ranking) provider.behave(upstream(model), { kind: "stall" });
    const late = await chat();
    expect([late.status, (await late.json()).error.code, asked().length]).toEqual([
      504,
      "upstream_timeout",
      1,
    ]);
  });

  test.each([400, 418])(
    "%i from the provider is the caller's to see, and nobody else is asked",
    async (status) => {
      provider.behave(upstream(ranking[0]), {
        kind: "status",
        status,
        body: '{"error":{"message":"as is"}}',
      });
      const response = await chat();
      expect([response.status, await response.text()]).toEqual([status, '{"error":{"message":"as is"}}']);
      expect(asked().length).toBe(1);
    },
  );

  test.each([401, 403])(
    "%i from the provider is the operator's fault, and its words stay inside",
    async (status) => {
      provider.behave(upstream(ranking[0]), {
        kind: "status",
        status,
        body: '{"error":{"message":"key fake-provider-key"}}',
      });
      const response = await chat();
      const text = await response.text();
      expect([response.status, JSON.parse(text).error.code]).toEqual([502, "provider_refused"]);
      expect(text).not.toContain("fake-provider-key");
      expect(asked().length).toBe(1);
    },
  );

  test("never a second attempt after the first byte: the break is the caller's to see", async () => {
    provider.behave(upstream(ranking[0]), { kind: "die-mid-stream", chunks: 3 });
    const response = await chat({ stream: true });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(asked()).toEqual([upstream(ranking[0])]);
  });

  test("Retry-After is respected: a resting model is passed over, and the wait is told", async () => {
    provider.behave(upstream(ranking[0]), { kind: "status", status: 429, headers: { "retry-after": "2" } });
    expect((await chat()).headers.get("x-signalbox-model")).toBe(ranking[1]);
    provider.reset();
    expect((await chat()).headers.get("x-signalbox-model")).toBe(ranking[1]);
    expect(asked()).toEqual([upstream(ranking[1])]);
    provider.behave(upstream(ranking[0]), { kind: "status", status: 429, headers: { "retry-after": "30" } });
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const only = await chat({ model: ranking[0] });
    expect([only.status, only.headers.get("retry-after")]).toEqual([429, "30"]);
    expect((await only.json()).error.message).toBe("on command");
    const again = await chat({ model: ranking[0] });
    expect([again.status, again.headers.get("x-signalbox-attempts")]).toEqual([429, "0"]);
    expect((await again.json()).error.type).toBe("rate_limit_error");
  });
});

describe("streams", () => {
  const free = () => ranking[1]; // the first one still rests

  test("10,000 chunks arrive byte for byte", async () => {
    provider.behave(upstream(free()), { kind: "answer", chunks: 10_000 });
    const response = await chat({ model: free(), stream: true });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const bytes = new Uint8Array(await response.arrayBuffer());
    const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
    expect(sha256(bytes)).toBe(sha256(streamOf(upstream(free()), 10_000)));
  });

  test("a caller who goes away ends the request to the provider", async () => {
    provider.behave(upstream(free()), { kind: "flood" });
    const abort = new AbortController();
    const response = await chat({ model: free(), stream: true }, { signal: abort.signal });
    await response.body?.getReader().read();
    expect(provider.seen[0]?.aborted).toBe(false);
    abort.abort();
    await expect.poll(() => provider.seen[0]?.aborted).toBe(true);
  });

  test("a caller who goes away before the first byte ends it too, and nobody else is asked", async () => {
    provider.behave(upstream(free()), { kind: "stall" });
    const abort = new AbortController();
    const response = chat({ model: free(), stream: true }, { signal: abort.signal });
    await expect.poll(() => provider.seen.length).toBe(1);
    abort.abort();
    await expect(response).rejects.toThrow();
    await expect.poll(() => provider.seen[0]?.aborted).toBe(true);
    expect(provider.seen.length).toBe(1);
  });

  test("a slow reader slows the provider down", async () => {
    provider.behave(upstream(free()), { kind: "flood" });
    const abort = new AbortController();
    const response = await chat({ model: free(), stream: true }, { signal: abort.signal });
    await response.body?.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const before = provider.seen[0]?.bytesSent as number;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((provider.seen[0]?.bytesSent as number) - before).toBe(0);
    expect(before).toBeLessThan(64_000_000);
    abort.abort();
  });
});
