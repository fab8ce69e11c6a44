import { beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import { startFreshWorker } from "./fresh-worker.ts";
import { seed } from "./seed.ts";

const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));

async function makeKey(name: string) {
  const made = await createApiKey(name, randomBytes);
  if (!made.ok) throw new Error(made.failure.message);
  return made.value;
}

type Key = Awaited<ReturnType<typeof makeKey>>;
const [alice, bob, carol, dave, revoked] = (await Promise.all(
  ["alice", "bob", "carol", "dave", "mallory"].map(makeKey),
)) as [Key, Key, Key, Key, Key];
// The platform counts by name and minute: what is asked with these elsewhere would count against them.
const [batches, tasks] = (await Promise.all(["batches", "tasks"].map(makeKey))) as [Key, Key];
const closed = {
  AUTH: undefined,
  API_KEYS: [alice, bob].map(({ record }) => record).join(",\n"),
  API_KEYS_2: carol.record,
  API_KEYS_11: [dave, batches, tasks].map(({ record }) => record).join(","),
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

beforeAll(seed);

describe("a Worker with keys", () => {
  test("lets holders of a key in", async () => {
    const worker = startFreshWorker(closed);
    for (const { key } of [alice, bob, carol, dave]) {
      expect((await worker.send("/v1/models", { headers: bearer(key) })).status).toBe(200);
    }
    expect((await worker.route(undefined, bearer(alice.key))).status).toBe(200);
  });

  const lastChanged = `${alice.key.slice(0, -1)}${alice.key.endsWith("A") ? "B" : "A"}`;
  test.each([
    ["no header", {}, "missing_key"],
    ["an empty header", { authorization: "" }, "missing_key"],
    ["another scheme", { authorization: `Basic ${alice.key}` }, "missing_key"],
    ["a wrong key", bearer("sk-wrong"), "invalid_key"],
    ["the last character changed", bearer(lastChanged), "invalid_key"],
    ["another name with the same secret", bearer(alice.key.replace("alice", "bob")), "invalid_key"],
    ["a revoked key", bearer(revoked.key), "invalid_key"],
    ["the record in place of the key", bearer(alice.record), "invalid_key"],
  ])("refuses %s", async (_, headers, code) => {
    const worker = startFreshWorker(closed);
    for (const answer of [
      await worker.send("/v1/models", { headers }),
      await worker.route(undefined, headers as HeadersInit),
    ]) {
      expect(answer.status).toBe(401);
      expect(answer.body.error).toMatchObject({ code, type: "authentication_error", param: "authorization" });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(JSON.stringify(answer.body)).not.toContain(alice.key);
    }
  });

  test("health and contract stay open", async () => {
    const worker = startFreshWorker(closed);
    expect((await worker.send("/health")).status).toBe(200);
    expect((await worker.send("/openapi.json")).status).toBe(200);
  });

  test("limits each key by itself, with the platform's rate limiter", async () => {
    const worker = startFreshWorker(closed);
    const statuses = new Map<number, number>();
    // The limit is by the minute of the clock: where one begins meanwhile, 600 more are let in.
    for (let request = 0; request < 12_000 && !statuses.has(429); request++) {
      const { status } = await worker.send("/v1/models", { headers: bearer(alice.key) });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses.get(429)).toBeGreaterThan(0);
    expect(statuses.get(200)).toBeGreaterThan(100);
    const answer = await worker.send("/v1/models", { headers: bearer(alice.key) });
    expect(answer.body.error).toMatchObject({ code: "rate_limited", type: "rate_limit_error" });
    expect(answer.headers.get("retry-after")).toBe("60");
    expect((await worker.send("/v1/models", { headers: bearer(bob.key) })).status).toBe(200);
  });

  test.each([
    ["a batch", batches, "/v1/route/batch", { requests: new Array(32).fill({ prompt: "Hello" }) }, 32],
    ["a task", tasks, "/v1/route/task", { prompts: new Array(100).fill({ prompt: "Hello" }) }, 100],
  ])("limits prompts, not requests: %s", async (_, { key }, path, body, prompts) => {
    const worker = startFreshWorker(closed);
    const headers = { ...bearer(key), "content-type": "application/json" };
    const ask = () => worker.send(path, { method: "POST", headers, body: JSON.stringify(body) });
    const inAMinute = Math.floor(600 / prompts);
    const firstMinute = Math.floor(Date.now() / 60_000);
    let answer = await ask();
    let answered = 0;
    // A machine that is too slow to use up a minute's limit within it goes on, and is not asked forever.
    for (; answer.status === 200 && answered < 20 * inAMinute; answered++) answer = await ask();
    const minutes = Math.floor(Date.now() / 60_000) - firstMinute + 1;
    expect([answer.status, answer.body.error?.code]).toEqual([429, "rate_limited"]);
    expect(answered).toBeGreaterThanOrEqual(inAMinute);
    expect(answered).toBeLessThanOrEqual(minutes * inAMinute);
  });
});

describe("a rate limiter", () => {
  const asked = { headers: bearer(alice.key) };

  test.each([
    ["that throws", () => Promise.reject(new Error("down"))],
    ["that throws at once", () => raise()],
    ["that never answers", () => new Promise<never>(() => undefined)],
  ])("%s lets nobody in, and says when to come back", async (_, limit) => {
    const { status, headers, body } = await startFreshWorker({ ...closed, RATE_LIMITER: { limit } }).send(
      "/v1/models",
      asked,
    );
    expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "limiter_unavailable", "5"]);
  });

  test("that fails for the prompts of a batch decides none of them", async () => {
    let calls = 0;
    const limit = () =>
      ++calls > 1 ? Promise.reject(new Error("down")) : Promise.resolve({ success: true });
    const { status, body } = await startFreshWorker({ ...closed, RATE_LIMITER: { limit } }).send(
      "/v1/route/batch",
      {
        method: "POST",
        headers: { ...asked.headers, "content-type": "application/json" },
        body: JSON.stringify({ requests: [{ prompt: "a" }, { prompt: "b" }] }),
      },
    );
    expect([status, body.error.code]).toEqual([503, "limiter_unavailable"]);
  });
});

function raise(): never {
  throw new Error("down");
}

test.each([
  [{ AUTH: undefined }, "API_KEYS"],
  [{ AUTH: "keys", API_KEYS: " " }, "API_KEYS"],
  [{ AUTH: "maybe" }, "AUTH"],
  [{ AUTH: undefined, API_KEYS: "sk-secret-in-the-wrong-place" }, "API_KEYS"],
  [{ CORS_ORIGINS: "app.example" }, "CORS_ORIGINS"],
])("%j keeps the Worker closed", async (variables, param) => {
  const { status, body } = await startFreshWorker(variables).send("/v1/models");
  expect(status).toBe(503);
  expect(body.error).toMatchObject({ code: "misconfigured", param });
  expect(JSON.stringify(body)).not.toContain("sk-secret");
});

describe("browsers", () => {
  const preflight = (origin: string) => ({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });

  test("on an allowed origin may call, without a key for the preflight", async () => {
    const worker = startFreshWorker({
      ...closed,
      CORS_ORIGINS: "https://app.example, https://other.example",
    });
    const answer = await worker.send("/v1/route", preflight("https://app.example"));
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-allow-headers")).toMatch(/authorization/);
    const real = await worker.route(undefined, { origin: "https://app.example", ...bearer(alice.key) });
    expect(real.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(real.headers.get("access-control-expose-headers")).toMatch(/x-signalbox-model/);
    expect(real.headers.get("vary")).toMatch(/origin/i);
  });

  test("on any other origin may not", async () => {
    const worker = startFreshWorker({ ...closed, CORS_ORIGINS: "https://app.example" });
    for (const origin of ["https://evil.example", "https://app.example.evil.example", "null"]) {
      const answer = await worker.send("/v1/route", preflight(origin));
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(
      (await startFreshWorker().send("/v1/route", preflight("https://app.example"))).headers.get(
        "access-control-allow-origin",
      ),
    ).toBeNull();
  });
});

test("no prompt and no key is logged", async () => {
  const lines: string[] = [];
  const log = console.log;
  console.log = (...values: unknown[]) => lines.push(values.join(" "));
  try {
    const worker = startFreshWorker(closed);
    await worker.route({ prompt: "my-private-prompt" }, bearer(alice.key));
    await worker.route({ prompt: "my-private-prompt", spend: 7 }, bearer(alice.key));
    await worker.route({ prompt: "my-private-prompt" }, bearer("sb_alice_wrong"));
  } finally {
    console.log = log;
  }
  expect(lines.join("\n")).not.toMatch(/my-private-prompt|sb_alice/);
});
