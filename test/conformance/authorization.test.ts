import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { createApiKey } from "../../src/contract/api-key.ts";
import { openMetrics } from "../../src/worker/http/open-metrics.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { startTestWorker } from "./test-worker.ts";

// Callers may bring their own key for a provider; nobody's key may end up anywhere else.
let provider: FakeProvider;
let worker: LocalWorker;
let key: string;

beforeAll(async () => {
  const made = await createApiKey("app", (count) => crypto.getRandomValues(new Uint8Array(count)));
  if (!made.ok) throw new Error(made.failure.message);
  key = made.value.key;
  provider = await startFakeProvider();
  worker = await startTestWorker({
    providerUrl: provider.baseUrl,
    variables: { AUTH: "keys", API_KEYS: made.value.record, PASS_AUTHORIZATION: "fake" },
  });
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

beforeEach(() => provider.reset());

async function complete(headers: Record<string, string>): Promise<Response> {
  return fetch(`${worker.origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello" }] }),
  });
}

test("the caller's own key goes to the provider, Signalbox's in its own header", async () => {
  const response = await complete({ "x-signalbox-key": key, authorization: "Bearer callers-own" });
  expect(response.status).toBe(200);
  expect(provider.seen[0]?.headers.authorization).toBe("Bearer callers-own");
  expect(JSON.stringify(provider.seen[0])).not.toContain(key);
});

test("a provider's refusal of the caller's own key is the caller's to see", async () => {
  const refused = { kind: "status", status: 401, body: '{"error":{"message":"bad key"}}' } as const;
  const { models } = JSON.parse(await readFile("models/default/catalogue.json", "utf8"));
  for (const model of Object.keys(models)) provider.behave(`fake/${model}`, refused);
  const response = await complete({ "x-signalbox-key": key, authorization: "Bearer callers-own" });
  expect([response.status, await response.text()]).toEqual([401, refused.body]);
});

test("Signalbox's own key in `Authorization` never leaves: the Worker's secret is sent", async () => {
  expect((await complete({ authorization: `Bearer ${key}` })).status).toBe(200);
  expect(provider.seen[0]?.headers.authorization).toBe("Bearer fake-provider-key");
});

test("the caller's key doesn't open Signalbox", async () => {
  const response = await complete({ authorization: "Bearer callers-own" });
  expect([response.status, (await response.json()).error.code]).toEqual([401, "invalid_key"]);
  expect(provider.seen).toEqual([]);
});

const python = process.env["PYTHON"] ?? "python3";
const hasParser = spawnSync(python, ["-c", "import prometheus_client.openmetrics.parser"]).status === 0;
if (!hasParser)
  console.warn(`/metrics is not read by prometheus_client: ${python} lacks it; PYTHON names another.`);

test("/metrics is for keys, and what it answers is OpenMetrics as Prometheus' own parser reads it", async (context) => {
  const ask = (headers: Record<string, string>) => fetch(`${worker.origin}/metrics`, { headers });
  expect((await ask({})).status).toBe(401);
  const response = await ask({ authorization: `Bearer ${key}` });
  expect(response.status).toBe(200);
  const hostile = [{ labels: { model: 'a "b"\\c\nd' }, value: 0.1 + 0.2 }];
  const texts = [await response.text(), openMetrics([{ name: "x", help: "a\nb \\ c", samples: hostile }])];
  if (!hasParser) return context.skip();
  const program = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(json.dumps([[[s.name, s.labels, s.value] for f in parse(t) for s in f.samples] for t in json.load(sys.stdin)]))`;
  const { stdout, stderr } = spawnSync(python, ["-c", program], {
    input: JSON.stringify(texts),
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const [live, read] = JSON.parse(stdout);
  expect(live[0]).toEqual(["signalbox_serving", {}, 1]);
  expect(live.map(([name]: readonly string[]) => name)).toContain("signalbox_state");
  expect(read).toEqual([["x", { model: 'a "b"\\c\nd' }, 0.1 + 0.2]]);
});
