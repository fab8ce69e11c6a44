import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import { endpoints } from "../../src/contract/endpoints.ts";
import { request, sendRaw } from "./raw-http.ts";
import { removeBuild, startWatchedWorker, type WatchedWorker } from "./watched-worker.ts";

// Secrets are planted wherever the Worker holds one, and looked for in everything that it lets out.
const providerKey = "canary-provider-key-8d1f0c";
const otherSecret = "canary-unrelated-secret-77ab";
const decisionSecret = "canary-decision-secret-0123456789abcdef";
const prompt = "canary-prompt Who wrote Kalevala?";
const answer = "canary-answer Elias Lönnrot";
const comment = "a remark";

let provider: Server;
let worker: WatchedWorker;
let key: string;
let record: string;
/** What the provider answers with, given what it was sent. */
let respond: (authorization: string) => { status: number; headers?: Record<string, string>; body: string };
const said: string[] = [];

beforeAll(async () => {
  const made = await createApiKey("app", (count) => crypto.getRandomValues(new Uint8Array(count)));
  if (!made.ok) throw new Error(made.failure.message);
  ({ key, record } = made.value);
  provider = createServer((incoming, outgoing) => {
    incoming.resume().on("end", () => {
      const { status, headers, body } = respond(incoming.headers.authorization ?? "");
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      // In pieces, so that a secret is cut in two.
      for (let at = 0; at < body.length; at += 7) outgoing.write(body.slice(at, at + 7));
      outgoing.end();
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const { port } = provider.address() as AddressInfo;
  worker = await startWatchedWorker({
    variables: {
      AUTH: "keys",
      API_KEYS: record,
      DECISION_SECRET: decisionSecret,
      DECISION_LOG: "d1",
      OPENAI_API_KEY: providerKey,
      UNRELATED_SECRET: otherSecret,
    },
    catalogue: (document) => {
      document.providers.openai.base_url = `http://127.0.0.1:${port}/v1`;
      return document;
    },
  });
});

afterAll(async () => {
  await worker?.stop();
  provider?.close();
  await removeBuild();
});

/** Asks, and keeps what came back: status, headers and body as they were on the wire. */
async function ask(line: string, body = "", headers: readonly string[] = [`authorization: Bearer ${key}`]) {
  const answered = await sendRaw(
    worker.origin,
    request(line, ["content-type: application/json", ...headers], body),
  );
  said.push(`${answered.status} ${JSON.stringify([...answered.headers])} ${answered.body}`);
  return answered;
}

const chat = (fields: object = {}) =>
  ask(
    "POST /v1/chat/completions",
    JSON.stringify({ model: "gpt-5.4", messages: [{ role: "user", content: prompt }], ...fields }),
  );

describe("a provider that repeats the key it was sent", () => {
  const echo = (authorization: string) => ({
    status: 400,
    body: JSON.stringify({
      error: { message: `bad request; you sent ${authorization}, yes, ${authorization}` },
    }),
    headers: { "x-request-id": `req-${authorization.slice(7)}` },
  });

  test.each([200, 400, 404, 422, 429, 500])("in a %i: the caller gets it without", async (status) => {
    respond = (authorization) => {
      const { body, headers } = echo(authorization);
      const completion = { ...JSON.parse(body), choices: [{}] };
      return { status, headers, body: status === 200 ? JSON.stringify(completion) : body };
    };
    const { body, headers, status: given } = await chat();
    expect(given).toBe(status);
    expect(body).toContain("you sent Bearer [redacted], yes, Bearer [redacted]");
    expect(headers.get("x-request-id")).toBeUndefined();
  });

  test.each([401, 403, 301])("in a %i: nothing of its answer is passed on", async (status) => {
    respond = (authorization) => ({
      ...echo(authorization),
      status,
      headers: { location: `/${authorization}` },
    });
    // Its own model: one that answered 429 is left alone for a while.
    const { body, headers } = await chat({ model: "gpt-4o-mini" });
    expect(body).not.toContain("you sent");
    expect(headers.get("location")).toBeUndefined();
  });

  test("in its headers: only a few of them are passed on at all", async () => {
    respond = (authorization) => ({
      status: 200,
      headers: {
        "set-cookie": `key=${authorization}`,
        "x-debug": authorization,
        "content-type": "text/html",
      },
      body: answer,
    });
    const { headers } = await chat();
    expect([...headers.keys()]).not.toEqual(expect.arrayContaining(["set-cookie", "x-debug"]));
    // A page of a provider's must not run on the playground's origin.
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("nothing secret is in anything that comes out", () => {
  beforeAll(async () => {
    respond = () => ({ status: 200, body: JSON.stringify({ choices: [{ message: { content: answer } }] }) });
    const decided = JSON.parse((await ask("POST /v1/route", JSON.stringify({ prompt, explain: true }))).body);
    await ask("POST /v1/feedback", JSON.stringify({ decision: decided.id, score: 1, comment }));
    await ask("POST /v1/feedback", JSON.stringify({ decision: "dec_x", score: 1 }));
    await ask("POST /v1/route/batch", JSON.stringify({ requests: [{ prompt }, { prompt, models: [key] }] }));
    await ask("POST /v1/route/task", JSON.stringify({ prompts: [{ prompt }] }));
    await ask("POST /v1/route", `{"prompt": "${prompt}`);
    await ask("POST /v1/route", JSON.stringify({ prompt, spend: prompt }));
    await ask("POST /v1/route", JSON.stringify({ prompt, task: "unknown" }));
    await chat({ model: "auto" });
    await chat({ model: "gpt-9" });
    await chat({ model: "claude-sonnet-4.6" });
    const lines = Object.values(endpoints).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    for (const line of [...lines, "GET /nowhere", "TRACE /v1/route"]) {
      await ask(line);
      await ask(line, "", []);
      await ask(line, "", [`authorization: Bearer ${key}x`]);
      await ask(line, "", ["authorization: Basic eDp5", "x-debug: 1", "x-trace: 1"]);
    }
    // Broken state, told in /health and in the log.
    const good = (await worker.stored())["active"] as string;
    await worker.put("active", `{"format_version": "${otherSecret}"`);
    await ask("GET /health", "", []);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await ask("GET /health", "", []);
    await worker.put("active", good);
    await ask("GET /health", "", []);
    await new Promise((resolve) => setTimeout(resolve, 300));
  });

  const secrets = () => ({
    "the provider's key": providerKey,
    "a secret of no concern": otherSecret,
    "the decision secret": decisionSecret,
    "the caller's key": key,
    "the salt and hash of the key": record.slice("app:".length),
    "the hash of the key": record.split(":")[2] as string,
  });

  test("answers and their headers", () => {
    expect(said.length).toBeGreaterThan(30);
    const everything = said.join("\n");
    for (const [what, secret] of Object.entries(secrets())) {
      // A name that was asked for and isn't known is repeated to the one who asked.
      const told =
        what === "the caller's key" ? everything.replaceAll(`matches \\"${key}\\"`, "") : everything;
      expect(told.includes(secret), what).toBe(false);
      expect(told.includes(btoa(secret).replaceAll("=", "")), `${what} as base64`).toBe(false);
    }
    const errors = said.filter((answered) => answered.includes('"error"')).join("\n");
    expect(errors).not.toContain("canary-prompt");
  });

  test("logs: neither secrets, nor prompts, answers or comments", () => {
    const logs = worker.logs();
    expect(logs).toContain('"event":"serving"');
    expect(logs).toContain('"event":"fault"');
    for (const [what, secret] of Object.entries(secrets())) expect(logs.includes(secret), what).toBe(false);
    expect(logs).not.toMatch(/canary|dec_|a remark/);
  });

  test("what is stored: a comment, and nothing of prompts, answers or keys", async () => {
    const rows = JSON.stringify(await worker.rows());
    expect(rows).toContain(comment);
    expect(rows).toContain('"key_name":"app"');
    for (const [what, secret] of Object.entries(secrets())) expect(rows.includes(secret), what).toBe(false);
    expect(rows).not.toMatch(/canary|Kalevala/);
    const stored = await worker.stored();
    expect(
      Object.keys(stored).filter((name) => !/^(?:active|(?:encoder|bundle|catalogue)\/)/.test(name)),
    ).toEqual([]);
    expect(JSON.stringify(stored)).not.toContain("canary");
  });
});

describe("what a caller sends can't write into the log or the answer's headers", () => {
  const hostile = 'x\r\n{"event":"serving"}\u001b[31m\u009b2J\u2028\u0000<script>';
  const escaped = encodeURIComponent(hostile);

  test("a line break, an escape sequence or JSON in any field, path or header", async () => {
    respond = () => ({ status: 400, headers: { "x-request-id": "a\tb" }, body: hostile });
    for (const fields of [
      { models: [hostile] },
      { current_model: hostile },
      { task: hostile },
      { session: hostile },
      { [hostile]: 1 },
      { route_on: hostile },
    ]) {
      const { headers, body } = await ask("POST /v1/route", JSON.stringify({ prompt, ...fields }));
      expect([...headers.values()].join()).not.toMatch(/script|serving|event/);
      expect(headers.get("content-type")).toBe("application/json");
      expect(JSON.parse(body)).toBeTypeOf("object");
    }
    await chat({ model: hostile });
    await chat({ user: hostile });
    await ask("POST /v1/feedback", JSON.stringify({ decision: hostile, score: 1, model: hostile }));
    await ask(`GET /v1/${escaped}`);
    await ask(`GET /${escaped}`, "", [`x-request-id: ${escaped}`, `user-agent: ${escaped}`]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const line of worker.logs().split("\n")) {
      expect(line).toMatch(/^[ -~]*$/);
      expect(JSON.parse(line)).toHaveProperty("event");
      expect(line).not.toContain("<script>");
    }
  });
});
