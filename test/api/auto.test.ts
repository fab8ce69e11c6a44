import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { asked, chat, messages, only, provider, ranking, useAutoWorld, worker } from "./auto-world.ts";
import { openAiRefusal } from "./openai-rules.ts";

// An `auto` request does not fail for a reason that another model, another provider or a renamed parameter would cure.
useAutoWorld();

const schema = { type: "json_schema", json_schema: { name: "x", schema: { type: "object" } } };

describe("parameters and roles that not every model takes", () => {
  const system = { role: "system", content: "Be short." };
  test.each<[string, object]>([
    ["max_tokens", { max_tokens: 500 }],
    ["temperature", { temperature: 0.2 }],
    ["top_p and penalties", { top_p: 0.5, presence_penalty: 0.1, frequency_penalty: 0.1 }],
    ["a system message", { messages: [system, ...messages] }],
    ["a developer message", { messages: [{ ...system, role: "developer" }, ...messages] }],
    ["reasoning_effort", { reasoning_effort: "low" }],
    ["legacy functions", { functions: [{ name: "f", parameters: { type: "object" } }] }],
    ["a schema for the answer", { response_format: schema }],
  ])("%s: the best model that takes it answers at once", async (_, fields) => {
    provider.behaveAll({ kind: "strict", refusal: openAiRefusal });
    const response = await chat(fields);
    expect([response.status, response.headers.get("x-signalbox-attempts")]).toEqual([200, "1"]);
    expect(openAiRefusal(provider.seen[0]?.body)).toBeUndefined();
  });

  test.each<[object, object]>([
    [{ max_tokens: 500 }, { max_completion_tokens: 500 }],
    [{ max_tokens: 500, max_completion_tokens: 400 }, { max_completion_tokens: 400 }],
    [{ temperature: 0.2, seed: 7 }, { seed: 7 }],
    [{ messages: [system] }, { messages: [{ ...system, role: "user" }] }],
  ])("%j reaches gpt-5.1 as %j", async (fields, sent) => {
    expect((await chat({ ...fields, ...only("gpt-5.1") })).status).toBe(200);
    expect(provider.seen[0]?.body).toEqual({ model: "fake/gpt-5.1", messages, ...sent });
  });

  test("what only one model refuses goes to another, unless it is the only one", async () => {
    const legacy = { functions: [{ name: "f" }] };
    await chat({ ...legacy, signalbox: { models: ["gpt-5.1", "gpt-5.4-nano"] } });
    await chat({ ...legacy, ...only("gpt-5.1") });
    expect(asked()).toEqual(["gpt-5.4-nano", "gpt-5.1"]);
    expect(provider.seen.map(({ body }) => body.functions)).toEqual([legacy.functions, undefined]);
  });

  test("a model by its name is sent what the caller wrote, and its refusal is the answer", async () => {
    provider.behaveAll({ kind: "strict", refusal: openAiRefusal });
    const response = await chat({ model: "gpt-5.1", max_tokens: 500 });
    expect([response.status, (await response.json()).error.code]).toEqual([400, "unsupported_parameter"]);
    expect(provider.seen[0]?.body.max_tokens).toBe(500);
  });

  test("what the catalogue does not say, the provider does: the next model is asked", async () => {
    for (const model of ranking.slice(0, 5)) {
      provider.behave(`fake/${model}`, {
        kind: "strict",
        refusal: () => ({
          status: 400,
          error: { message: "Unsupported parameter: 'x'", code: "unsupported_parameter" },
        }),
      });
    }
    const response = await chat({ x: 1 });
    expect([response.status, asked()]).toEqual([200, ranking.slice(0, 6)]);
  });
});

describe("what is out of order", () => {
  const error = (code: string | null, message = "on command") =>
    JSON.stringify({ error: { message, type: "invalid_request_error", code, param: null } });
  test.each<[number, string]>([
    [404, error("model_not_found")],
    [404, "<html>no such page</html>"],
    [410, ""],
    [400, error("model_decommissioned")],
    [400, error(null, "The model `x` has been deprecated, see our page.")],
    [403, error("model_not_found")],
  ])("a model that is gone (%i %s) is passed over, and rests", async (status, body) => {
    provider.behave(`fake/${ranking[0]}`, { kind: "status", status, body });
    for (let k = 0; k < 5; k++) expect((await chat()).headers.get("x-signalbox-model")).toBe(ranking[1]);
    expect(asked()).toEqual([ranking[0], ...Array(5).fill(ranking[1])]);
    await worker.jump(31_000);
    await chat();
    expect(asked().at(-2)).toBe(ranking[0]);
  });

  test.each<[number, string]>([
    [401, error("invalid_api_key")],
    [401, "<html></html>"],
    [403, error("permission_error")],
    [402, error(null)],
    [429, error("insufficient_quota")],
    [400, error(null, "Your credit balance is too low to access the Anthropic API.")],
    [400, error(null, "API key not valid. Please pass a valid API key.")],
  ])("a key or account that is refused (%i %s): another provider's models answer", async (status, body) => {
    const isOther = (model: string) => /^(?:gpt|grok)/.test(model);
    const firstIsOther = isOther(ranking[0] as string);
    for (const model of ranking.filter((id) => isOther(id) === firstIsOther))
      provider.behave(`fake/${model}`, { kind: "status", status, body });
    const next = ranking.find((model) => isOther(model) !== firstIsOther);
    for (let k = 0; k < 3; k++) expect((await chat()).headers.get("x-signalbox-model")).toBe(next);
    expect(asked()).toEqual([ranking[0], next, next, next]);
  });

  test.each<[number, string]>([
    [413, error("request_too_large")],
    [422, JSON.stringify({ detail: [{ loc: ["body", "n"], msg: "Extra inputs are not permitted" }] })],
    [400, error("context_length_exceeded")],
    [400, error(null, "prompt is too long: 210000 tokens > 200000 maximum")],
    [400, error(null, "This model does not support image input.")],
  ])(
    "a model that can't take the request (%i %s) is passed over, and does not rest",
    async (status, body) => {
      provider.behave(`fake/${ranking[0]}`, { kind: "status", status, body });
      expect((await chat()).status).toBe(200);
      expect((await chat()).status).toBe(200);
      expect(asked()).toEqual([ranking[0], ranking[1], ranking[0], ranking[1]]);
      // Where all refuse it, the first refusal is the answer.
      provider.behaveAll({ kind: "status", status, body });
      const refused = await chat();
      expect([refused.status, await refused.text()]).toEqual([status, body]);
    },
  );

  test.each<[number, string]>([
    [400, error("invalid_value", "'messages[0].content' must be a string.")],
    [400, error("content_filter", "The prompt was filtered.")],
    [403, error(null, "Input was flagged by moderation.")],
    [418, error(null)],
  ])(
    "the caller's own mistake (%i %s) is passed on as it is, and nobody else is asked",
    async (status, body) => {
      provider.behaveAll({ kind: "status", status, body });
      const response = await chat();
      expect([response.status, await response.text(), asked()]).toEqual([status, body, [ranking[0]]]);
      expect(response.headers.get("x-signalbox-model")).toBe(ranking[0]);
    },
  );

  test("all keys are refused: provider_refused, and nothing of their words", async () => {
    provider.behaveAll({ kind: "status", status: 401, body: error(null, "key provider-key") });
    const response = await chat();
    const text = await response.text();
    expect([response.status, JSON.parse(text).error.code, asked().length]).toEqual([
      502,
      "provider_refused",
      2,
    ]);
    expect(text).not.toContain("provider-key");
  });
});

describe("answers with a good status that hold no completion", () => {
  const sse = (text: string, type = "text/event-stream") => ({ text, type });
  const overloaded = '{"error":{"message":"Overloaded","type":"overloaded_error"}}';
  test.each<{ readonly text: string; readonly type: string }>([
    sse(overloaded, "application/json"),
    sse(overloaded, "text/plain"),
    sse('[{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}]', "application/json"),
    sse(`data: ${overloaded}\n\n`),
    sse(`event: error\ndata: ${overloaded}\n\n`),
    sse(`: PROCESSING\n\n: PROCESSING\n\ndata: ${overloaded}\n\n`),
    sse(": PROCESSING\r\n\r\n"),
    sse("data: [DONE]\n\n"),
    sse("event: ping\ndata: {}\n\ndata: [DONE]\n\n"),
    sse(' \n\n  {"error":"x"}', "application/json"),
    sse("   \n\n ", "application/json"),
    sse("<!doctype html><title>Sign in</title>", "text/plain"),
    sse("<html>", "text/html"),
    sse('{"id":"x","choices":[]}', "application/json"),
    sse("\u0000{not json", "application/json"),
    sse('{"choices":[{"mess', "application/json"),
    sse("data: {not json}\n\n"),
  ])("%j: the next model answers", async ({ text, type }) => {
    const body = { kind: "status", status: 200, body: text, headers: { "content-type": type } } as const;
    provider.behave(`fake/${ranking[0]}`, body);
    for (const stream of [true, false]) {
      const response = await chat({ stream });
      expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, ranking[1]]);
      await response.text();
    }
    expect(asked()).toEqual([ranking[0], ranking[1], ranking[0], ranking[1]]);
  });

  test("the error's own code counts: a limit puts the model to rest", async () => {
    const body = 'data: {"error":{"code":429,"message":"Rate limited"}}\n\n';
    provider.behave(`fake/${ranking[0]}`, { kind: "status", status: 200, body });
    for (let k = 0; k < 3; k++) await (await chat({ stream: true })).text();
    expect(asked()).toEqual([ranking[0], ranking[1], ranking[1], ranking[1]]);
  });

  test.each<[string, string, number, string]>([
    ["a limit", '{"error":{"message":"Slow down.","code":"rate_limit_exceeded"}}', 429, ""],
    ["its own status", '{"error":{"message":"Provider disconnected","code":503}}', 503, ""],
    ["a filter", '{"error":{"message":"Filtered.","code":"content_filter"}}', 400, ""],
    ["a model that is gone", '{"error":{"message":"x","code":"model_not_found"}}', 404, ""],
    ["a fault", '{"error":{"message":"Overloaded","type":"overloaded_error"}}', 502, ""],
    ["the Worker's key", '{"error":{"message":"provider-key","type":"api_error"}}', 502, "[redacted]"],
  ])("of the one model that was asked for, %s: its words are the answer", async (_, error, status, shown) => {
    for (const body of [error, `: x\n\ndata: ${error}\n\n`, `event: error\ndata: ${error}\n\n`]) {
      provider.behaveAll({ kind: "status", status: 200, body });
      const response = await chat({ model: "gemini-3.1-flash-lite", stream: body !== error });
      const words = error.replace("provider-key", shown);
      expect([response.status, await response.text()]).toEqual([status, words]);
      await worker.jump(60_000);
    }
  });

  test("a filter's word under status 200 is the caller's own mistake: nobody else is asked", async () => {
    const body = '{"error":{"message":"Filtered.","code":"content_filter"}}';
    provider.behaveAll({ kind: "status", status: 200, body });
    const response = await chat();
    expect([response.status, await response.text(), asked().length]).toEqual([400, body, 1]);
  });

  test.each<{ readonly text: string; readonly type: string; readonly as: string }>([
    { ...sse('{"choices":[{"message":{"content":"x"}}]}', "text/html"), as: "application/json" },
    {
      ...sse('{"choices":[{"message":{"content":"x"}}]}', "application/json, text/html"),
      as: "application/json",
    },
    { ...sse('\uFEFF\n{"choices":[{}],"error":null}', "application/json"), as: "application/json" },
    { ...sse(': x\n\ndata: {"choices":[{"delta":{}}]}\n\n', "text/html"), as: "text/event-stream" },
    { ...sse('data: {"choices":[],"prompt_filter_results":[]}\n\n'), as: "text/event-stream" },
    { ...sse('data: {"choices":[{}]}', "text/plain"), as: "text/event-stream" },
  ])("$text labelled $type is an answer, byte for byte", async ({ text, type, as }) => {
    provider.behaveAll({ kind: "status", status: 200, body: text, headers: { "content-type": type } });
    const response = await chat();
    expect([response.status, await response.text(), asked().length]).toEqual([
      200,
      text.replace("\uFEFF", ""),
      1,
    ]);
    expect(response.headers.get("content-type")).toContain(as);
    expect(response.headers.get("content-type")).not.toContain("html");
  });
});

describe("what is sent", () => {
  test.each([
    '"tools":[{"type":"function","function":{"name":"f","parameters":{"maximum":18446744073709551615}}}]',
    '"seed":-9223372036854775808,"temperature":1.0',
    '"logit_bias":{"2":1,"1":1.50}',
    '"metadata":{"lone":"\\ud800","b":1,"a":{"10":1,"9":2}}',
  ])("%s keeps its digits and the order of its keys", async (fields) => {
    const raw: string[] = [];
    provider.behaveAll({ kind: "strict", refusal: () => undefined });
    const response = await fetch(`${worker.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"model":"gpt-5.4-nano","messages":[{"role":"user","content":"x"}],${fields}}`,
    });
    raw.push(provider.seen[0]?.text ?? "");
    expect([response.status, raw]).toEqual([
      200,
      [`{"model":"fake/gpt-5.4-nano","messages":[{"role":"user","content":"x"}],${fields}}`],
    ]);
  });
});

describe("codings that nobody asked for", () => {
  const completion = '{"choices":[{"message":{"content":"packed"}}]}';
  test.each([
    ["gzip", gzipSync],
    ["GZIP", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", Buffer.from],
  ])("%s is undone", async (coding, pack) => {
    const headers = { "content-encoding": coding };
    provider.behaveAll({ kind: "status", status: 200, headers, body: pack(Buffer.from(completion)) });
    const response = await chat();
    expect([response.status, await response.text()]).toEqual([200, completion]);
  });

  test.each([
    ["zstd", zstdCompressSync],
    ["gzip, br", (text: Buffer) => brotliCompressSync(gzipSync(text))],
    ["compress", (text: Buffer) => text],
    ["deflate", (text: Buffer) => text],
  ])("%s that can't be undone: the next model answers", async (coding, pack) => {
    const headers = { "content-encoding": coding };
    provider.behave(`fake/${ranking[0]}`, {
      kind: "status",
      status: 200,
      headers,
      body: pack(Buffer.from(completion)),
    });
    const response = await chat();
    expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, ranking[1]]);
  });
});

describe("the refusal of the one model that was asked for", () => {
  const body = '{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}';
  test.each([429, 500, 503, 529, 402, 404, 409])(
    "%i: status, words and headers are the provider's",
    async (status) => {
      const headers = {
        "retry-after": "7",
        "retry-after-ms": "6500",
        "x-should-retry": "false",
        "x-ratelimit-remaining-requests": "0",
        "anthropic-ratelimit-tokens-remaining": "0",
        "set-cookie": "a=b",
        "x-internal": "provider-key",
        "x-ratelimit-key": "provider-key",
      };
      provider.behaveAll({ kind: "status", status, headers, body });
      const response = await chat({ model: "gemini-3.1-flash-lite" });
      expect([response.status, await response.text()]).toEqual([status, body]);
      const passed = Object.keys(headers).filter((name) => response.headers.get(name) !== null);
      expect(passed).toEqual(Object.keys(headers).slice(0, 5));
    },
  );

  test("the Worker's key in it is taken out", async () => {
    provider.behaveAll({ kind: "status", status: 500, body: '{"error":"key provider-key failed"}' });
    expect(await (await chat({ model: "gemini-3.1-flash-lite" })).text()).toBe(
      '{"error":"key [redacted] failed"}',
    );
  });

  test.each<[number, string, number, string]>([
    [404, "<html><title>404</title></html>", 502, "upstream_failed"],
    [400, "", 502, "upstream_failed"],
    [503, "<html>Cloudflare</html>", 502, "upstream_failed"],
    [429, "Too many requests", 429, "upstream_rate_limited"],
    [401, '{"error":"provider-key"}', 502, "provider_refused"],
  ])("%i with %j is no answer of an API", async (status, page, expected, code) => {
    provider.behaveAll({ kind: "status", status, body: page, headers: { "retry-after": "7, 7" } });
    const response = await chat({ model: "gemini-3.1-flash-lite" });
    expect([response.status, (await response.json()).error.code]).toEqual([expected, code]);
  });
});
