import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { errorBodySchema } from "../../src/contract/error.ts";
import openapi from "../../src/contract/openapi.json" with { type: "json" };
import { parseWith } from "../../src/contract/parse.ts";
import { post, send } from "./client.ts";
import { startFreshWorker } from "./fresh-worker.ts";
import { seed } from "./seed.ts";

beforeAll(seed);

const ask = (fields: object) => ({ prompt: "What is 2 + 2?", ...fields });

describe("bad requests get 4xx with code, param and a sentence", () => {
  test.each([
    ["no prompt", {}, 400, "missing_prompt", "prompt"],
    ["an empty prompt", { prompt: "" }, 400, "missing_prompt", "prompt"],
    ["a wrong type", { prompt: 5 }, 400, "invalid_request", "prompt"],
    ["an unknown field", ask({ tolerence: 0 }), 400, "invalid_request", "tolerence"],
    ["two rules", ask({ spend: 0.5, min_p_correct: 0.5 }), 400, "conflicting_rules", "min_p_correct"],
    [
      "prompt and messages",
      ask({ messages: [{ role: "user", content: "x" }] }),
      400,
      "conflicting_prompt",
      "prompt",
    ],
    ["an unknown model", ask({ models: ["no-such-model"] }), 400, "unknown_model", "models"],
    ["an unknown wildcard", ask({ exclude: ["no-such-*"] }), 400, "unknown_model", "exclude"],
    ["an unknown current model", ask({ current_model: "no-such" }), 400, "unknown_model", "current_model"],
    ["an unknown task", ask({ task: "no-such" }), 400, "unknown_task", "task"],
    ["no candidate", ask({ exclude: ["*"] }), 400, "no_candidates", "exclude"],
    [
      "too much context",
      ask({ require: { context_tokens: 1e12 } }),
      400,
      "context_too_long",
      "require.context_tokens",
    ],
    ["too low a ceiling", ask({ max_usd: 0 }), 400, "price_ceiling", "max_usd"],
    ["a JSON array", [], 400, "invalid_request", null],
    ["broken JSON", '{"prompt": "x"', 400, "invalid_json", null],
    ["an empty body", "", 400, "invalid_json", null],
    ["invalid UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), 400, "invalid_json", null],
  ])("%s", async (_, body, status, code, param) => {
    const raw = body instanceof Uint8Array ? { body: body as BodyInit } : {};
    const answer = await post("/v1/route", body, raw);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toMatchObject({ code, param, type: "invalid_request_error" });
    expect(parseWith(errorBodySchema, answer.body, "contract").ok).toBe(true);
    expect(answer.body.error.message.length).toBeGreaterThan(15);
  });

  test.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/jsonx"], [""]])(
    "content type %j",
    async (type) => {
      const answer = await post("/v1/route", { prompt: "x" }, { headers: { "content-type": type } });
      expect(answer.status).toBe(415);
      expect(answer.body.error).toMatchObject({ code: "unsupported_media_type", param: "content-type" });
    },
  );

  test("a body over the limit, with and without its length told", async () => {
    const body = JSON.stringify({ prompt: "x".repeat(9_000_000) });
    const told = await post("/v1/route", body);
    expect([told.status, told.body.error.code]).toEqual([413, "body_too_large"]);
    const chunk = new TextEncoder().encode("x".repeat(1_000_000));
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        if (sent++ > 50) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const streamed = await exports.default.fetch("https://signalbox.example/v1/route", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect(streamed.status).toBe(413);
    expect(sent).toBeLessThan(50);
  });

  test("a body that doesn't arrive in time", async () => {
    const worker = startFreshWorker({ BODY_TIMEOUT_MS: "150" });
    let canceled = false;
    const stalled = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"prompt": "')),
      cancel: () => {
        canceled = true;
      },
    });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stalled,
      duplex: "half",
    };
    const answer = await worker.send("/v1/route", init as RequestInit);
    expect([answer.status, answer.body.error.code]).toEqual([408, "body_timeout"]);
    expect(canceled).toBe(true);
  });

  test("an unknown address", async () => {
    const { status, body } = await send("/v2/route");
    expect([status, body.error.code]).toEqual([404, "not_found"]);
  });

  const addresses = Object.entries(openapi.paths).map(
    ([path, methods]) => [path, Object.keys(methods)] as const,
  );
  test.each(addresses)("a wrong method for %s", async (path, methods) => {
    const { status, body, headers } = await send(path, { method: "DELETE" });
    expect([status, body.error.code]).toEqual([405, "method_not_allowed"]);
    expect(headers.get("allow")?.toLowerCase()).toBe(methods.join(", "));
  });
});
