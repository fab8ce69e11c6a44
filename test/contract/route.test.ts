import { describe, expect, test } from "vitest";
import { choiceRule, routeOptionsSchema } from "../../src/contract/options.ts";
import { parseWith } from "../../src/contract/parse.ts";
import { parseRouteRequest } from "../../src/contract/route.ts";

describe("a route request", () => {
  test.each([
    [{}, "missing_prompt", "prompt"],
    [{ prompt: "  \n" }, "missing_prompt", "prompt"],
    [{ prompt: "a", messages: [{ role: "user", content: "b" }] }, "conflicting_prompt", "prompt"],
    [{ prompt: 1 }, "invalid_request", "prompt"],
    [{ prompt: "a", tolerence: 0.1 }, "invalid_request", "tolerence"],
    [{ prompt: "a", spend: 1.5 }, "invalid_request", "spend"],
    [{ prompt: "a", tolerance: "0.1" }, "invalid_request", "tolerance"],
    [{ prompt: "a", lambda_usd: 0 }, "invalid_request", "lambda_usd"],
    [{ prompt: "a", max_usd: -1 }, "invalid_request", "max_usd"],
    [{ prompt: "a", objective: "speed" }, "invalid_request", "objective"],
    [{ prompt: "a", models: [] }, "invalid_request", "models"],
    [{ prompt: "a", models: "gpt-4o" }, "invalid_request", "models"],
    [{ prompt: "a", exclude: [1] }, "invalid_request", "exclude.0"],
    [{ prompt: "a", require: { sight: true } }, "invalid_request", "require.sight"],
    [{ prompt: "a", require: { vision: "yes" } }, "invalid_request", "require.vision"],
    [{ prompt: "a", route_on: "middle" }, "invalid_request", "route_on"],
    [{ prompt: "a", explain: 1 }, "invalid_request", "explain"],
    [{ messages: [] }, "invalid_request", "messages"],
    [{ messages: [{ content: "a" }] }, "invalid_request", "messages.0.role"],
    [{ messages: [{ role: "user", content: 5 }] }, "invalid_request", "messages.0.content"],
    [
      { messages: [{ role: "user", content: [{ text: "a" }] }] },
      "invalid_request",
      "messages.0.content.0.type",
    ],
  ])("%j is refused with %s at %s", (body, code, param) => {
    expect(parseRouteRequest(body)).toMatchObject({ ok: false, failure: { code, param } });
  });

  test("takes every option of the contract", () => {
    const body = {
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: {} },
          ],
        },
        { role: "assistant", content: null, tool_calls: [{ id: "1" }] },
        { role: "tool", tool_call_id: "1", content: "42" },
      ],
      tools: [{ type: "function" }],
      models: ["gpt-*"],
      exclude: ["gpt-4"],
      require: { context_tokens: 1000, vision: true, tools: true, json: true, reasoning: false },
      spend: 0.3,
      max_usd: 0.01,
      current_model: "gpt-4o",
      route_on: "last",
      task: "support-tickets",
      explain: true,
    };
    expect(parseRouteRequest(body)).toEqual({
      ok: true,
      value: {
        conversation: {
          said: body.messages,
          tools: body.tools,
          beside: [],
          routeOn: "last",
          session: undefined,
        },
        demands: {
          rule: { kind: "spend", spend: 0.3 },
          models: ["gpt-*"],
          exclude: ["gpt-4"],
          require: { capabilities: ["vision", "tools", "json"], contextTokens: 1000 },
          maxUsd: 0.01,
          currentModel: "gpt-4o",
        },
        answerTokens: 0,
        task: "support-tickets",
        explain: true,
      },
    });
  });

  test("a refused value is never quoted: it may be long or private", () => {
    const secret = "my-secret-text";
    for (const body of [
      { prompt: "a", spend: secret },
      { prompt: "a", route_on: secret },
      { messages: secret },
    ]) {
      const parsed = parseRouteRequest(body);
      expect(parsed.ok).toBe(false);
      expect(JSON.stringify(parsed)).not.toContain(secret);
    }
  });
});

describe("the choice rule", () => {
  test.each([
    [{}, { kind: "quality" }],
    [{ objective: "quality" }, { kind: "quality" }],
    [{ spend: 0.3 }, { kind: "spend", spend: 0.3 }],
    [{ tolerance: 0 }, { kind: "tolerance", tolerance: 0 }],
    [{ min_p_correct: 0.7 }, { kind: "min_p_correct", minPCorrect: 0.7 }],
    [{ lambda_usd: 0.01 }, { kind: "lambda_usd", lambdaUsd: 0.01 }],
    [
      { tolerance: 0.1, max_usd: 1 },
      { kind: "tolerance", tolerance: 0.1 },
    ],
  ])("of %j is %j", (options, value) => {
    const parsed = parseWith(routeOptionsSchema, options, "invalid");
    if (!parsed.ok) throw new Error(parsed.failure.message);
    expect(choiceRule(parsed.value)).toEqual({ ok: true, value });
  });

  test("two at once are refused, and both named", () => {
    const parsed = parseWith(routeOptionsSchema, { spend: 0.1, tolerance: 0.1 }, "invalid");
    if (!parsed.ok) throw new Error(parsed.failure.message);
    const rule = choiceRule(parsed.value);
    expect(rule).toMatchObject({ ok: false, failure: { code: "conflicting_rules", param: "tolerance" } });
    expect(JSON.stringify(rule)).toMatch(/`spend` and `tolerance`/);
  });
});
