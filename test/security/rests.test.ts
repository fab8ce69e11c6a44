import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { catalogueAt } from "../faults/provider-catalogue.ts";
import { openSocket, request } from "./raw-http.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// A provider that refuses one caller's request must not be shut for the others.
const names = ["alice", "bob", "carol", "dave"] as const;
const overLimit = { kind: "status", status: 429, headers: { "retry-after": "86400" } } as const;
let provider: FakeProvider;
let worker: WatchedWorker;
let models: readonly string[];
const keys: Record<string, string> = {};

beforeAll(async () => {
  const records: string[] = [];
  for (const name of names) {
    const made = await createApiKey(name, (count) => crypto.getRandomValues(new Uint8Array(count)));
    if (!made.ok) throw new Error(made.failure.message);
    records.push(made.value.record);
    keys[name] = made.value.key;
  }
  provider = await startFakeProvider();
  worker = await startWatchedWorker({
    variables: {
      AUTH: "keys",
      API_KEYS: records.join(","),
      PROVIDER_KEY: "the-operators-own-key",
      PASS_AUTHORIZATION: "fake",
    },
    catalogue: (document) => {
      const text = new TextEncoder().encode(JSON.stringify(document));
      return new TextDecoder().decode(catalogueAt(text, provider.baseUrl));
    },
  });
  models = (await (await ask("alice", "/v1/route", { prompt: "Hello" })).json()).ranking.map(
    ({ model }: { readonly model: string }) => model,
  );
});

afterEach(() => provider.reset());

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
  await removeBuild();
});

function ask(name: string, path: string, body: object, authorization?: string): Promise<Response> {
  return fetch(worker.origin + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-signalbox-key": keys[name] as string,
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify(body),
  });
}

const complete = (name: string, model: string, authorization?: string) =>
  ask(name, "/v1/chat/completions", { model, messages: [{ role: "user", content: "Hello" }] }, authorization);

/** Everything that a caller can ask for is over its limit, whoever's key is sent. */
async function meetsLimits(name: string, authorization?: string): Promise<void> {
  for (const model of models) provider.behave(`fake/${model}`, overLimit);
  await Promise.all(models.map((model) => complete(name, model, authorization)));
  provider.reset();
}

test("a caller's own key over its limit puts nothing to rest, not even for its holder", async () => {
  for (const model of models) provider.behave(`fake/${model}`, overLimit);
  const refused = await complete("alice", "auto", "Bearer alices-own");
  expect([refused.status, (await refused.json()).error.code]).toEqual([429, "upstream_rate_limited"]);
  expect(Number(refused.headers.get("retry-after"))).toBe(86_400);
  await meetsLimits("alice", "Bearer alices-own");
  expect((await complete("alice", "auto", "Bearer alices-other")).status).toBe(200);
  expect((await complete("bob", "auto", "Bearer bobs-own")).status).toBe(200);
  expect((await complete("carol", "auto")).status).toBe(200);
  expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer alices-other",
    "Bearer bobs-own",
    "Bearer the-operators-own-key",
  ]);
});

test("one caller who meets a limit with every model puts none to rest for the others", async () => {
  await meetsLimits("alice");
  const own = await complete("alice", "auto");
  expect([own.status, provider.seen.length]).toEqual([429, 0]);
  // Half a minute at most, whatever the provider said.
  expect(Number(own.headers.get("retry-after"))).toBeLessThanOrEqual(30);
  expect((await complete("bob", "auto")).status).toBe(200);
  // A limit of the operator's key is none of a caller's own.
  expect((await complete("alice", "auto", "Bearer alices-own")).status).toBe(200);
});

test("a provider that wants to be left alone for a day is told of as half a minute, which it is", async () => {
  let asked = 0;
  const fails = { kind: "status", status: 503 } as const;
  provider.behaveAll({ kind: "choose", choose: () => (asked++ === 0 ? overLimit : fails) });
  const refused = await complete("carol", "auto");
  expect([refused.status, asked]).toEqual([429, 4]);
  expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(30);
});

test("slow uploads and silent providers of one key hold up no other's pictures", async () => {
  provider.behaveAll({ kind: "stall" });
  const gone = new AbortController();
  const picture = (bytes: number) => ({
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(bytes)}` } },
        ],
      },
    ],
  });
  const silent = Array.from({ length: 4 }, () =>
    fetch(`${worker.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-signalbox-key": keys["dave"] as string },
      // One that no two keys were refused by before.
      body: JSON.stringify({ model: models.at(-1), ...picture(1_500_000) }),
      signal: gone.signal,
    }).catch(() => undefined),
  );
  await expect.poll(() => provider.seen.length).toBeGreaterThan(0);
  const uploadBytes = 8_000_000;
  // Three would have filled the memory of all bodies until their time was up, and the completions for longer.
  const uploads = Array.from({ length: 3 }, () =>
    openSocket(worker.origin, () => undefined).on("error", () => undefined),
  );
  for (const upload of uploads) {
    const headers = ["content-type: application/json", `x-signalbox-key: ${keys["dave"]}`];
    upload.write(request("POST /v1/route", [...headers, `content-length: ${uploadBytes}`]));
    upload.write(Buffer.alloc(0.7 * uploadBytes, "a"));
  }
  for (let k = 0; k < 10; k++)
    expect((await ask("bob", "/v1/route", picture(300_000 + 100_000 * k))).status).toBe(200);
  gone.abort();
  await Promise.all(silent);
  for (const upload of uploads) upload.destroy();
});

test("what a second caller met too holds for all, for half a minute at most", async () => {
  await meetsLimits("alice");
  await meetsLimits("bob");
  const third = await complete("carol", "auto");
  expect([third.status, provider.seen.length]).toEqual([429, 0]);
  expect(Number(third.headers.get("retry-after"))).toBeLessThanOrEqual(30);
});
