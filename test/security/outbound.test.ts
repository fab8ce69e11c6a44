import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// Where the Worker connects to is the catalogue's to say. A trap waits wherever a caller could name an address.
let provider: FakeProvider;
let trap: Server;
let trapUrl: string;
let trapped: string[] = [];
let worker: WatchedWorker;

beforeAll(async () => {
  provider = await startFakeProvider();
  trap = createServer((request, response) => {
    trapped.push(`${request.method} ${request.url}`);
    response.end("{}");
  });
  await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
  worker = await startWatchedWorker({
    variables: { AUTH: "open", OPENAI_API_KEY: "provider-key", PASS_AUTHORIZATION: "openai" },
    catalogue: (document) => {
      document.providers.openai.base_url = provider.baseUrl;
      return document;
    },
  });
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
  trap?.close();
  await removeBuild();
});

beforeEach(() => {
  provider.reset();
  trapped = [];
});

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(worker.origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const image = (url: string) => ({ type: "image_url", image_url: { url } });
const hello = [{ role: "user", content: "Hello" }];

test("addresses in messages are never fetched: images, files, audio, tools", async () => {
  const content = [
    { type: "text", text: `Read ${trapUrl}/text and ![](${trapUrl}/markdown)` },
    image(`${trapUrl}/image`),
    { type: "input_image", image_url: `${trapUrl}/input-image` },
    { type: "file", file: { file_url: `${trapUrl}/file` } },
    { type: "input_audio", input_audio: { url: `${trapUrl}/audio` } },
  ];
  const tools = [{ type: "mcp", server_url: `${trapUrl}/mcp` }];
  const messages = [{ role: "user", content }];
  expect((await post("/v1/route", { messages, tools })).status).toBe(200);
  expect((await post("/v1/route/batch", { requests: [{ messages }] })).status).toBe(200);
  expect((await post("/v1/chat/completions", { model: "gpt-4.1", messages, tools })).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(trapped).toEqual([]);
});

test("no field, header or model name of a request chooses the address", async () => {
  const elsewhere = {
    base_url: trapUrl,
    baseURL: trapUrl,
    api_base: trapUrl,
    url: trapUrl,
    endpoint: trapUrl,
    provider: { base_url: trapUrl },
    upstream: `${trapUrl}/v1`,
    proxy: trapUrl,
  };
  const headers = {
    "x-base-url": trapUrl,
    "x-upstream-url": trapUrl,
    "x-forwarded-host": new URL(trapUrl).host,
    "x-forwarded-proto": "http",
    "x-original-url": trapUrl,
    "helicone-target-url": trapUrl,
    "x-portkey-custom-host": trapUrl,
    forwarded: `host=${new URL(trapUrl).host}`,
  };
  expect(
    (await post("/v1/chat/completions", { model: "gpt-4.1", messages: hello, ...elsewhere }, headers)).status,
  ).toBe(200);
  expect(provider.seen.map(({ path }) => path)).toEqual(["/v1/chat/completions"]);
  for (const model of [
    trapUrl,
    `openai/../../${trapUrl}`,
    `${trapUrl}/v1#`,
    `gpt-4o@${new URL(trapUrl).host}`,
    "../../v1/models",
    "gpt-4o?x=1",
    "gpt-4o/../admin",
    "fake/gpt-4o",
  ]) {
    const { status, body } = await post("/v1/chat/completions", { model, messages: hello }, headers);
    expect([status, body.error.code]).toEqual([404, "model_not_found"]);
  }
  const options = { model: "auto", messages: hello, signalbox: { base_url: trapUrl } };
  expect((await post("/v1/chat/completions", options)).status).toBe(400);
  expect(trapped).toEqual([]);
});

test("a provider can't send the Worker, and its key, elsewhere", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    provider.behave("gpt-4.1", {
      kind: "status",
      status,
      headers: { location: `${trapUrl}/redirected` },
    });
    const answer = await post("/v1/chat/completions", { model: "gpt-4.1", messages: hello });
    expect([answer.status, answer.body.error.code]).toEqual([502, "upstream_failed"]);
  }
  expect(trapped).toEqual([]);
});

test("an answer that switches protocols is none", async () => {
  const headers = { upgrade: "websocket", connection: "upgrade" };
  provider.behave("gpt-4.1", { kind: "status", status: 101, headers, body: "" });
  const answer = await post("/v1/chat/completions", { model: "gpt-4.1", messages: hello });
  expect([answer.status, answer.body.error.code]).toEqual([502, "upstream_failed"]);
});

test("a caller's own credentials reach the catalogue's address only, as they are", async () => {
  const injected = "Bearer callers-own";
  await post("/v1/chat/completions", { model: "gpt-4.1", messages: hello }, { authorization: injected });
  expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([injected]);
});

test("a task's name can't reach another key of KV", async () => {
  for (const task of [
    "../active",
    "x/../../active",
    "a/b",
    "%2e%2e%2factive",
    "active\u0000",
    "a".repeat(101),
    "",
  ]) {
    expect((await post("/v1/route", { prompt: "Hello", task })).body.error.code).toBe("invalid_request");
  }
  for (const task of ["..", ".", "active"]) {
    expect((await post("/v1/route", { prompt: "Hello", task })).body.error.code).toBe("unknown_task");
  }
});

test.each([
  "http://169.254.169.254/latest",
  "http://10.0.0.1.evil.example/v1",
  "http://172.32.0.1/v1",
  "http://[fe80::1]/v1",
  "http://localhost.evil.example/v1",
  "http://127.0.0.1.evil.example/v1",
  "http://localhost@evil.example/v1",
  "https://user:pass@provider.example/v1",
  "https://provider.example/v1?key=x",
  "https://provider.example/v1#x",
  "https://provider.example/ v1",
  "ftp://provider.example/v1",
  "file:///etc/passwd",
  "data:text/plain,x",
  "javascript:alert(1)",
  "//provider.example/v1",
  "",
])("a catalogue can't name %j", (baseUrl) => {
  const catalogue = {
    format_version: 1,
    prices_as_of: "2025-06-30",
    providers: { openai: { base_url: baseUrl, key_name: "OPENAI_API_KEY" } },
    models: {},
  };
  const parsed = parseCatalogue(catalogue);
  expect(parsed.ok ? "accepted" : parsed.failure.param).toBe("providers.openai.base_url");
});

test.each(["API_KEYS", "DECISION_SECRET", "AUTH", "DB", "x_KEY", "API_KEYS\n_KEY", "__proto___KEY"])(
  "a catalogue can't have %j sent to a provider",
  (keyName) => {
    const catalogue = {
      format_version: 1,
      prices_as_of: "2025-06-30",
      providers: { openai: { base_url: "https://provider.example/v1", key_name: keyName } },
      models: {},
    };
    expect(parseCatalogue(catalogue).ok).toBe(false);
  },
);
