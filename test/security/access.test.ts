import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { createApiKey, type Permission } from "../../src/contract/api-key.ts";
import { type EndpointName, endpointNames, endpoints } from "../../src/contract/endpoints.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { request, sendRaw } from "./raw-http.ts";

// Every way round the key that other routers and gateways were once open to, byte for byte over a socket.
let provider: FakeProvider;
let worker: LocalWorker;
const keys: Record<"all" | "router" | "judge", string> = { all: "", router: "", judge: "" };

const prompt = JSON.stringify({ prompt: "Hello" });
const json = "content-type: application/json";
const bearer = (key: string) => `authorization: Bearer ${key}`;

beforeAll(async () => {
  const records: string[] = [];
  const limits: Record<string, readonly Permission[] | undefined> = {
    router: ["route"],
    judge: ["feedback"],
  };
  for (const name of ["all", "router", "judge"] as const) {
    const made = await createApiKey(
      name,
      (count) => crypto.getRandomValues(new Uint8Array(count)),
      limits[name],
    );
    if (!made.ok) throw new Error(made.failure.message);
    keys[name] = made.value.key;
    records.push(made.value.record);
  }
  provider = await startFakeProvider();
  worker = await startTestWorker({
    providerUrl: provider.baseUrl,
    variables: {
      AUTH: "keys",
      API_KEYS: records.join(","),
      PASS_AUTHORIZATION: "fake",
      DECISION_SECRET: "0123456789abcdef0123456789abcdef",
    },
  });
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

beforeEach(() => provider.reset());

const send = (line: string, headers: readonly string[] = [], body = "") =>
  sendRaw(worker.origin, request(line, headers, body));

async function codeOf(answer: Promise<{ status: number; body: string }>): Promise<string> {
  const { status, body } = await answer;
  return `${status} ${body.startsWith("{") ? (JSON.parse(body).error?.code ?? "let in") : body.slice(0, 20)}`;
}

describe("headers", () => {
  test.each([
    ["as documented", (key: string) => [bearer(key)]],
    ["in capitals", (key: string) => [`AUTHORIZATION: BEARER ${key}`]],
    ["in mixed case with spaces", (key: string) => [`aUtHoRiZaTiOn:   bEaReR   ${key}  `]],
    ["as Anthropic's packages send it", (key: string) => [`x-api-key: ${key}`]],
    ["in its own header", (key: string) => [`X-Signalbox-Key: ${key}`]],
    [
      "in its own header, another's in `authorization`",
      (key: string) => [`x-signalbox-key: ${key}`, bearer("sk-x")],
    ],
  ])("a right key %s is let in", async (_, headers) => {
    expect(await codeOf(send("POST /v1/route", [json, ...headers(keys.all)], prompt))).toBe("200 let in");
  });

  test.each<[string, (key: string) => readonly string[], string]>([
    ["none", () => [], "missing_key"],
    ["an empty one", () => ["authorization:"], "missing_key"],
    ["no scheme", (key) => [`authorization: ${key}`], "missing_key"],
    ["another scheme", (key) => [`authorization: Basic ${btoa(`x:${key}`)}`], "missing_key"],
    ["`api-key`", (key) => [`api-key: ${key}`], "missing_key"],
    ["`proxy-authorization`", (key) => [`proxy-authorization: Bearer ${key}`], "missing_key"],
    ["a cookie", (key) => [`cookie: authorization=Bearer ${key}; x-signalbox-key=${key}`], "missing_key"],
    ["an underscore for a hyphen", (key) => [`x_signalbox_key: ${key}`], "missing_key"],
    ["`x-forwarded-authorization`", (key) => [`x-forwarded-authorization: Bearer ${key}`], "missing_key"],
    ["a wrong and a right one", (key) => [bearer("sk-wrong"), bearer(key)], "missing_key"],
    ["a right and a wrong one", (key) => [bearer(key), bearer("sk-wrong")], "missing_key"],
    ["twice the right one", (key) => [bearer(key), bearer(key)], "missing_key"],
    ["an empty one of its own beside a right one", (key) => ["x-signalbox-key:", bearer(key)], "invalid_key"],
    [
      "a wrong one of its own beside a right one",
      (key) => ["x-signalbox-key: x", bearer(key)],
      "invalid_key",
    ],
    ["its percent-encoding", (key) => [bearer(key.replace("_", "%5f"))], "invalid_key"],
    ["its base64", (key) => [bearer(btoa(key))], "invalid_key"],
    ["in capitals", (key) => [bearer(key.toUpperCase())], "invalid_key"],
    ["one character more", (key) => [bearer(`${key}A`)], "invalid_key"],
    ["one character less", (key) => [bearer(key.slice(0, -1))], "invalid_key"],
    ["with a prototype's name", (key) => [bearer(key.replace("_all_", "_constructor_"))], "invalid_key"],
    ["full-width letters", () => [bearer("ｓｂ_all_x")], "invalid_key"],
    ["in quotes", (key) => [bearer(`"${key}"`)], "invalid_key"],
    ["64 KB of one", () => [bearer("a".repeat(64_000))], "invalid_key"],
  ])("a key %s is refused", async (_, headers, code) => {
    for (const line of ["POST /v1/route", "POST /v1/chat/completions", "POST /v1/feedback"]) {
      expect(await codeOf(send(line, [json, ...headers(keys.all)], prompt))).toBe(`401 ${code}`);
    }
    expect(provider.seen).toEqual([]);
  });

  test("line breaks in a header's value don't smuggle another in", async () => {
    for (const folded of [`x-a: b\r\n ${bearer(keys.all)}`, `x-a: b\n\n${bearer(keys.all)}`]) {
      expect((await send("POST /v1/route", [folded, json], prompt)).status).not.toBe(200);
    }
  });

  test("a key in the address or in the body is none", async () => {
    const line = `POST /v1/route?key=${keys.all}&authorization=Bearer%20${keys.all}`;
    expect(await codeOf(send(line, [json], prompt))).toBe("401 missing_key");
    const body = JSON.stringify({ prompt: "Hello", authorization: `Bearer ${keys.all}` });
    expect(await codeOf(send("POST /v1/route", [json], body))).toBe("401 missing_key");
  });
});

describe("paths", () => {
  const paths = [
    "/v1/models",
    "//v1/models",
    "///v1//models",
    "/./v1/models",
    "/v1/./models",
    "/x/../v1/models",
    "/health/../v1/models",
    "/openapi.json/../v1/models",
    "/openapi.json/%2e%2e/v1/models",
    "/health/%2e%2e/v1/models",
    "/health/..%2fv1/models",
    "/%2e/v1/models",
    "/%76%31/models",
    "/%2576%2531/models",
    "/v1/%6d%6f%64els",
    "/v1%2fmodels",
    "/v1%252fmodels",
    "/v1\\models",
    "/v1%5cmodels",
    "/v1/models/",
    "/v1/models//",
    "/v1/models/.",
    "/v1/models%00",
    "/v1/models%20",
    "/v1/models;x=/health",
    "/v1/models?/health",
    "/v1/models#/health",
    "/V1/MODELS",
    "/v1/Models",
    "/v1",
    "/v1/",
    "/v1/route/batch/../../models",
    "http://127.0.0.1/v1/models",
    "http://evil.example/v1/models",
  ];

  test.each(paths)("%s doesn't lead past the key", async (path) => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"]) {
      const { status, body } = await send(`${method} ${path}`, [json], method === "POST" ? prompt : "");
      // OPTIONS is a browser's preflight, which carries no key and gets no data.
      const refused = method === "OPTIONS" ? [204, 400, 404] : [301, 307, 400, 401, 404, 405, 501];
      expect(refused, `${method} ${path}: ${status} ${body}`).toContain(status);
      expect(body).not.toMatch(/gpt-5.4|p_correct/);
    }
  });

  test("a redirect never leads to another host", async () => {
    for (const path of ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/%5cevil.example/"]) {
      for (const suffix of ["", "/", "/index.html", "/..;/index", "/index"]) {
        const { headers } = await send(`GET ${path}${suffix}`);
        expect(headers.get("location") ?? "/").toMatch(/^\/(?![/\\])/);
      }
    }
  });

  test("sources, settings and state are no assets", async () => {
    for (const path of [
      "/.dev.vars",
      "/wrangler.toml",
      "/_headers",
      "/.env",
      "/package.json",
      "/../wrangler.toml",
    ]) {
      expect([400, 404]).toContain((await send(`GET ${path}`)).status);
    }
  });
});

describe("methods", () => {
  test.each(["x-http-method-override: POST", "x-http-method: POST", "x-method-override: POST"])(
    "%s changes nothing",
    async (header) => {
      const answer = await send("GET /v1/route", [json, bearer(keys.all), header], prompt);
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    },
  );

  test("HEAD asks for a key as GET does, and gets no body with it", async () => {
    expect((await send("HEAD /v1/models")).status).toBe(401);
    const answer = await send("HEAD /v1/models", [bearer(keys.all)]);
    expect([answer.status, answer.body]).toEqual([200, ""]);
    expect((await send("HEAD /v1/route", [bearer(keys.all)])).status).toBe(405);
  });

  test("a form can't be sent in a visitor's name", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const answer = send("POST /v1/route", [`content-type: ${type}`, bearer(keys.all)], prompt);
      expect(await codeOf(answer)).toBe("415 unsupported_media_type");
    }
  });
});

describe("a limited key", () => {
  const chat = JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello" }] });
  /** A body that each address takes. */
  const bodies: Readonly<Record<EndpointName, string>> = {
    route: prompt,
    routeBatch: JSON.stringify({ requests: [{ prompt: "Hello" }] }),
    routeTask: JSON.stringify({ prompts: [{ prompt: "Hello" }] }),
    chatCompletions: chat,
    // Refused after the key was let in: no provider of this catalogue speaks these.
    responses: "{}",
    messages: "{}",
    countTokens: "{}",
    embeddings: "{}",
    feedback: JSON.stringify({ decision: "dec_x", score: 1 }),
    signal: JSON.stringify({ decision: "dec_x", signal: "accepted" }),
    models: "",
    model: "",
    traffic: "",
    metrics: "",
    health: "",
    openapi: "",
  };
  const guarded = endpointNames.filter((name) => !["nothing", "any_key"].includes(endpoints[name].needs));

  test("every address under /v1 needs a key, and /metrics, and nothing else does", async () => {
    for (const name of endpointNames) {
      const { method, path, needs } = endpoints[name];
      const { status } = await send(`${method.toUpperCase()} ${path}`, [json], bodies[name]);
      const isClosed = path.startsWith("/v1/") || path === "/metrics";
      expect(status, path).toBe(isClosed ? 401 : 200);
      expect(needs === "nothing", path).toBe(!isClosed);
    }
  });

  test.each(guarded)("%s is for keys that may", async (name) => {
    const { method, path, needs: needed } = endpoints[name];
    const line = `${method.toUpperCase()} ${path}`;
    const body = bodies[name];
    for (const [name, allowed] of [
      ["router", "route"],
      ["judge", "feedback"],
    ] as const) {
      const answer = await send(line, [json, bearer(keys[name])], body);
      if (allowed === needed) expect([200, 400]).toContain(answer.status);
      else {
        const { error } = JSON.parse(answer.body);
        expect([answer.status, error.code, error.type]).toEqual([403, "key_not_allowed", "permission_error"]);
      }
    }
    expect(provider.seen).toEqual([]);
    expect((await send(line, [json, bearer(keys.all)], body)).status).toBeLessThan(401);
  });

  test("reads the list of models, and there is no address that changes anything", async () => {
    expect((await send("GET /v1/models", [bearer(keys.judge)])).status).toBe(200);
    for (const path of ["/admin", "/v1/admin", "/v1/publish", "/v1/keys", "/v1/catalogue", "/active"]) {
      expect((await send(`POST ${path}`, [json, bearer(keys.all)], "{}")).status).toBe(404);
    }
  });
});

describe("the key itself", () => {
  const chat = (headers: readonly string[]) =>
    send(
      "POST /v1/chat/completions",
      [json, ...headers],
      JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello" }] }),
    );

  test.each([
    ["in both headers", (key: string) => [`x-signalbox-key: ${key}`, bearer(key)]],
    [
      "among others",
      (key: string) => [`x-signalbox-key: ${key}`, `authorization: Bearer sk-x, Bearer ${key}`],
    ],
  ])("never reaches a provider: %s", async (_, headers) => {
    expect((await chat(headers(keys.all))).status).toBe(200);
    expect(provider.seen[0]?.headers.authorization).toBe("Bearer fake-provider-key");
    expect(JSON.stringify(provider.seen)).not.toContain(keys.all);
  });

  test("nothing but what the provider needs of a caller's headers goes on", async () => {
    await chat([
      bearer(keys.all),
      "cookie: a=private-cookie",
      "x-forwarded-for: 1.2.3.4",
      "x-extra: private",
    ]);
    const { headers } = provider.seen[0] ?? {};
    expect(JSON.stringify(headers)).not.toMatch(/private|1\.2\.3\.4/);
  });
});

test("a preflight tells no origin that it may, and no answer allows one", async () => {
  for (const origin of ["https://evil.example", "null", worker.origin.replace("127.0.0.1", "localhost")]) {
    const preflight = await send("OPTIONS /v1/route", [
      `origin: ${origin}`,
      "access-control-request-method: POST",
      "access-control-request-headers: authorization,content-type",
    ]);
    const real = await send("POST /v1/route", [json, bearer(keys.all), `origin: ${origin}`], prompt);
    for (const { headers } of [preflight, real]) {
      expect(headers.get("access-control-allow-origin")).toBeUndefined();
      expect(headers.get("access-control-allow-credentials")).toBeUndefined();
      expect(headers.get("access-control-allow-private-network")).toBeUndefined();
    }
  }
});
