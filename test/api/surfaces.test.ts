import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { plans, requestsOf, transcriptOf } from "../agents/transcripts.ts";
import { streamOf } from "../conformance/fake-provider.ts";
import { streamsOf } from "../conformance/fake-surfaces.ts";
import { isAnthropic, key, provider, send, useSurfaces, worker } from "./surfaces-world.ts";

// What clients speak is passed on to providers that speak it, never translated.
useSurfaces();

const question = "How many positive divisors does 360 have?";
const surfaces = [
  ["/v1/chat/completions", { messages: [{ role: "user", content: question }] }, "/v1/chat/completions"],
  ["/v1/responses", { input: question, instructions: "Be short." }, "/v1/responses"],
  [
    "/v1/messages",
    { max_tokens: 500, system: "Be short.", messages: [{ role: "user", content: question }] },
    "/anthropic/v1/messages",
  ],
] as const;

describe.each(surfaces)("%s", (path, body, at) => {
  test("decides among the models whose provider speaks it, and passes on what came", async () => {
    const sent = { model: "auto:tolerance=0.1", ...body, metadata: { "2": 1, "1": 1.5 } };
    // A variant would add its own fields.
    const response = await send(path, { ...sent, signalbox: { exclude: ["*@*"] } });
    expect(response.status).toBe(200);
    const [seen] = provider.seen;
    const model = response.headers.get("x-signalbox-model") as string;
    expect(seen).toMatchObject({ path: at, model: `fake/${model}` });
    expect(seen?.body).toEqual({ ...sent, model: `fake/${model}` });
    if (path === "/v1/messages") expect(isAnthropic(model)).toBe(true);
    if (path === "/v1/responses") expect(isAnthropic(model)).toBe(false);
    expect(response.headers.get("x-signalbox-reason")).toBe("cheapest_within_tolerance");
    expect(response.headers.get("x-signalbox-decision")).toMatch(/^dec_/);
  });

  test("sends the key where that provider wants it, and no other headers of the caller's", async () => {
    await send(path, { model: "auto", ...body }, { cookie: "a=private", "anthropic-beta": "tools-1" });
    const headers = provider.seen[0]?.headers ?? {};
    const isMessages = path === "/v1/messages";
    expect([headers.authorization, headers["x-api-key"]]).toEqual(
      isMessages ? [undefined, "other-provider-key"] : [expect.stringMatching(/^Bearer /), undefined],
    );
    expect([headers["anthropic-version"], headers["anthropic-beta"]]).toEqual(
      isMessages ? ["2023-06-01", "tools-1"] : [undefined, undefined],
    );
    expect(JSON.stringify(headers)).not.toContain("private");
    expect(JSON.stringify(headers)).not.toContain(key);
  });

  test("10,000 chunks arrive byte for byte", async () => {
    provider.behaveAll({ kind: "answer", chunks: 10_000 });
    const response = await send(path, { model: "auto", stream: true, ...body });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const streams: typeof streamsOf = { "/chat/completions": streamOf, ...streamsOf };
    const whole = streams[path.slice(3)]?.(provider.seen[0]?.model as string, 10_000) as string;
    const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
    expect(sha256(bytes)).toBe(sha256(whole));
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  });

  test.each([
    '"metadata":{"big":18446744073709551615,"small":-9223372036854775808,"precise":0.1000000000000000055}',
    '"metadata":{"b":1,"10":2,"9":3,"a":{"2":4,"1":5}}',
    '"metadata":{"lone":"\\ud800","pair":"\\ud83d\\ude42","other":"\\udc00x"}',
    '"metadata":{"one":1.0,"exponent":1E5,"zero":-0,"tiny":1e-7}',
  ])("%s comes out as it went in, and nothing else is changed but the model", async (fields) => {
    const named = path === "/v1/messages" ? "claude-haiku-4.5" : "gpt-4o-mini";
    const rest = `${JSON.stringify(body).slice(1, -1)},${fields}`;
    for (const model of [named, "auto"]) {
      provider.reset();
      const options = model === "auto" ? `,"signalbox":{"models":["${named}"]}` : "";
      const response = await fetch(`${worker.origin}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body: `{"model":"${model}",${rest}${options}}`,
      });
      const sent = provider.seen[0]?.text.replace("\u{1F642}", "\\ud83d\\ude42");
      expect([response.status, sent]).toEqual([200, `{"model":"fake/${named}",${rest}}`]);
    }
  });

  test.each<[number, string]>([
    [404, '{"error":{"code":"model_not_found"}}'],
    [529, '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'],
    [200, 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'],
    [200, 'event: ping\ndata: {"type":"ping"}\n\n'],
    [200, '{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"x"}}'],
    [
      200,
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded"}}}\n\n',
    ],
  ])("%i %s: the next model answers", async (status, text) => {
    const first = await send(path, { model: "auto", ...body });
    const [best] = provider.seen.map(({ model }) => model);
    provider.behave(best as string, { kind: "status", status, body: text });
    const response = await send(path, { model: "auto", ...body });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-signalbox-model")).not.toBe(first.headers.get("x-signalbox-model"));
    expect(response.headers.get("x-signalbox-attempts")).toBe("2");
  });

  test("a longest answer that no candidate writes is cut to what each writes", async () => {
    const name =
      { "/v1/responses": "max_output_tokens", "/v1/messages": "max_tokens" }[path as string] ?? "max_tokens";
    const signalbox = { models: ["gpt-5.4", "claude-sonnet-5"] };
    await send(path, { model: "auto", ...body, [name]: 200_001, signalbox });
    const sent = provider.seen[0]?.body;
    // A model may take its length by the newer name.
    expect(sent?.[name] ?? sent?.["max_completion_tokens"]).toBeLessThan(200_001);
  });

  test.each(plans.map((plan, k) => ({ plan, options: k % 2 === 0 ? "spend=0.3" : "tolerance=0.05" })))(
    "forty turns of coding, $plan.name by $options: no switch without a reason",
    async ({ plan, options }) => {
      const from = worker.logs.length;
      const models: string[] = [];
      for (const request of requestsOf(transcriptOf(plan), path)) {
        const response = await send(path, { model: `auto:${options}`, ...request });
        expect(response.status).toBe(200);
        models.push(response.headers.get("x-signalbox-model") as string);
      }
      expect(models.length).toBeGreaterThanOrEqual(40);
      const decisions = worker.logs.slice(from).filter(({ event }) => event === "decision");
      expect(decisions.map(({ model }) => model)).toEqual(models);
      // Small talk is not yet the session.
      const start = plan.says[0] === "hi" ? 2 : 1;
      const switches = decisions.slice(start).filter(({ model }, k) => model !== models[k + start - 1]);
      for (const { moved_from, moved_because } of switches) {
        expect(models).toContain(moved_from);
        expect(["requirement", "price", "failures"]).toContain(moved_because);
      }
      expect(decisions.filter(({ moved_from }) => moved_from !== undefined).length).toBe(switches.length);
    },
  );

  test("a provider that does not speak it is told apart from one without a key", async () => {
    const named = path === "/v1/messages" ? "gpt-4o-mini" : "claude-haiku-4.5";
    const response = await send(path, { model: named, ...body });
    if (path === "/v1/chat/completions") return expect(response.status).toBe(200);
    const { error } = await response.json();
    expect([response.status, error.code]).toEqual([502, "provider_not_configured"]);
    expect(error.message).toContain(`no provider of ${named} speaks ${path.slice(3)}`);
  });
});

describe("what is routed on", () => {
  const decided = async (path: string, body: object) => {
    const signalbox = { models: ["gpt-4o-mini", "claude-haiku-4.5"] };
    const response = await send(path, { model: "auto", max_tokens: 100, signalbox, ...body });
    expect(response.status).toBe(200);
    return response.headers.get("x-signalbox-p-correct");
  };

  test("user turns alone, in each form: the same words give the same prediction", async () => {
    const plain = await decided("/v1/responses", { input: question });
    const items = [
      { role: "developer", content: "You are a poet." },
      { type: "message", role: "user", content: [{ type: "input_text", text: question }] },
      { type: "reasoning", summary: [] },
      { type: "function_call", name: "f", arguments: "{}", call_id: "1" },
      { type: "function_call_output", call_id: "1", output: "A long file of other words." },
    ];
    expect(await decided("/v1/responses", { input: items, instructions: "Write a poem." })).toBe(plain);
    const alone = await decided("/v1/messages", { messages: [{ role: "user", content: question }] });
    const turns = [
      {
        role: "user",
        content: [
          { type: "text", text: "<system-reminder>\nx\n</system-reminder>" },
          { type: "text", text: question },
        ],
      },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: "A poem." }] }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "More of it." }] },
    ];
    expect(await decided("/v1/messages", { system: "Write a poem.", messages: turns })).toBe(alone);
  });

  test("images, also in results of tools, go to models that see", async () => {
    const blind = ["claude-haiku-4.5"];
    const image = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "A".repeat(800_000) },
    };
    const messages = [
      { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: [image] }] },
    ];
    const response = await send("/v1/messages", {
      model: "auto",
      max_tokens: 9,
      messages,
      signalbox: { models: blind },
    });
    expect(response.status).toBe(200);
    const input = [
      { role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA" }] },
    ];
    const seeing = await send("/v1/responses", {
      model: "auto",
      input,
      signalbox: { models: ["gpt-oss-120b"] },
    });
    expect((await seeing.json()).error.code).toBe("no_candidates");
  });

  test.each([{ previous_response_id: "resp_1" }, { conversation: "conv_1" }])(
    "%j stays with its model",
    async (stored) => {
      const refused = await send("/v1/responses", { model: "auto", input: "And now?", ...stored });
      const { error } = await refused.json();
      expect([refused.status, error.param]).toEqual([400, Object.keys(stored)[0]]);
      expect(error.message).toContain("x-signalbox-model");
      const named = await send("/v1/responses", { model: "gpt-4o-mini", input: "And now?", ...stored });
      expect([named.status, provider.seen[0]?.body]).toMatchObject([200, stored]);
    },
  );
});

describe("Anthropic's packages", () => {
  const body = { model: "claude-auto", max_tokens: 9, messages: [{ role: "user", content: question }] };
  const anonymous = (headers: Record<string, string>) =>
    fetch(`${worker.origin}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  test("send their key as x-api-key and ask for claude-auto", async () => {
    const response = await anonymous({ "x-api-key": key, "anthropic-version": "2024-01-01" });
    expect([response.status, provider.seen[0]?.headers["anthropic-version"]]).toEqual([200, "2024-01-01"]);
  });

  test("get Signalbox's errors in their own envelope, the provider's as they are", async () => {
    for (const [headers, status, type, code] of [
      [{}, 401, "authentication_error", "missing_key"],
      [{ "x-api-key": "wrong" }, 401, "authentication_error", "invalid_key"],
    ] as const) {
      const response = await anonymous(headers);
      expect([response.status, await response.json()]).toMatchObject([
        status,
        { type: "error", error: { type, code } },
      ]);
    }
    const unknown = await send("/v1/messages", { ...body, model: "claude-99" });
    expect((await unknown.json()).error).toMatchObject({ type: "not_found_error", code: "model_not_found" });
    const invalid = await send("/v1/messages", { ...body, messages: 1 });
    expect((await invalid.json()).error).toMatchObject({ type: "invalid_request_error", param: "messages" });
    const own = '{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: bad"}}';
    provider.behaveAll({ kind: "status", status: 400, body: own });
    expect(await (await send("/v1/messages", body)).text()).toBe(own);
  });

  test("count tokens with the model that would answer", async () => {
    const response = await send("/v1/messages/count_tokens", { model: "auto", messages: body.messages });
    expect(await response.json()).toEqual({ input_tokens: 42 });
    expect(provider.seen[0]?.path).toBe("/anthropic/v1/messages/count_tokens");
  });
});

test.each([401, 404, 429, 500])(
  "%i from the first provider of a model: the second one answers",
  async (status) => {
    provider.behave("fake/gpt-4o-mini", { kind: "status", status });
    const body = { model: "gpt-4o-mini", messages: [{ role: "user", content: question }] };
    const response = await send("/v1/chat/completions", body);
    expect([response.status, response.headers.get("x-signalbox-model")]).toEqual([200, "gpt-4o-mini"]);
    expect(provider.seen.map(({ model }) => model)).toEqual(["fake/gpt-4o-mini", "second/gpt-4o-mini"]);
    // What is out of order or over its limit rests, the model at the other provider does not.
    await send("/v1/chat/completions", body);
    expect(provider.seen.at(-1)?.model).toBe("second/gpt-4o-mini");
  },
);

test.each([500, 503, 529])(
  "%i: the provider that failed comes after the others of its model for a while",
  async (status) => {
    const body = { model: "gpt-4o-mini", messages: [{ role: "user", content: question }] };
    provider.behave("fake/gpt-4o-mini", { kind: "status", status });
    for (let k = 0; k < 3; k++) await send("/v1/chat/completions", body);
    const second = "second/gpt-4o-mini";
    expect(provider.seen.map(({ model }) => model)).toEqual(["fake/gpt-4o-mini", second, second, second]);
    await worker.jump(11_000);
    await send("/v1/chat/completions", body);
    expect(provider.seen.at(-2)?.model).toBe("fake/gpt-4o-mini");
  },
);

test("with providers by price the cheapest is asked first, the others as dear as they are", async () => {
  const all = ["second/cheap", "fake/gpt-5.4-mini", "second/same", "second/dear"];
  for (const model of all) provider.behave(model, { kind: "status", status: 404, body: '{"error":"gone"}' });
  await send("/v1/chat/completions", {
    model: "gpt-5.4-mini",
    messages: [{ role: "user", content: question }],
  });
  expect(provider.seen.map(({ model }) => model)).toEqual(all);
});

test("embeddings go to the model that was named, and only so", async () => {
  const response = await send("/v1/embeddings", { model: "gpt-4o-mini", input: "x" });
  expect([response.status, provider.seen[0]?.path]).toEqual([200, "/v1/embeddings"]);
  const auto = await send("/v1/embeddings", { model: "auto", input: "x" });
  expect([auto.status, (await auto.json()).error.param]).toEqual([400, "model"]);
});

describe("addresses", () => {
  test.each(["auto", "claude-auto", "gpt-4o-mini", "gpt-5.4-mini", "gpt-5.4"])(
    "GET /v1/models/%s is the entry",
    async (name) => {
      const response = await send(`/v1/models/${name}`, undefined);
      const entry = await response.json();
      expect([response.status, entry.object]).toEqual([200, "model"]);
      expect([entry.id, ...entry.aliases]).toContain(name);
    },
  );

  test("an alias with a slash is found, written or encoded; what is no model is not", async () => {
    for (const name of ["openai/gpt-5.4", "openai%2Fgpt-5.4"]) {
      expect((await (await send(`/v1/models/${name}`, undefined)).json()).id).toBe("gpt-5.4");
    }
    for (const name of ["gpt-99", "%zz", "../health"]) {
      const response = await send(`/v1/models/${name}`, undefined);
      expect(response.status).toBe(404);
    }
  });

  test.each([
    "/v1/chat/completions/",
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/chat/completions",
    "/v1/v1/chat/completions",
    "/v1/messages/",
    "/responses",
  ])("POST %s is understood", async (path) => {
    const body = {
      model: "auto",
      max_tokens: 9,
      input: "x",
      messages: [{ role: "user", content: question }],
    };
    expect((await send(path, body)).status).toBe(200);
  });

  test.each(["/models", "/models/", "/v1/models/", "//v1//models", "/v1/v1/models", "/models/gpt-5.4"])(
    "GET %s is understood, and needs a key like the rest",
    async (path) => {
      expect((await send(path, undefined)).status).toBe(200);
      expect((await fetch(worker.origin + path)).status).toBe(401);
    },
  );
});

describe("pages of allowed origins", () => {
  test.each(["app://obsidian.md", "https://app.example", "null", "chrome-extension://abcdef"])(
    "%s may send what its client library adds",
    async (origin) => {
      const asked = "authorization,content-type,x-stainless-os,anthropic-version,x-api-key";
      const preflight = await fetch(`${worker.origin}/v1/chat/completions`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": asked },
      });
      expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
      expect(preflight.headers.get("access-control-allow-headers")).toBe(asked);
      const response = await send("/v1/models", undefined, { origin });
      expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
    },
  );

  test("others may not", async () => {
    const preflight = await fetch(`${worker.origin}/v1/chat/completions`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });
});
