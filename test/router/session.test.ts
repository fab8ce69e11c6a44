import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAnthropicRequest } from "../../src/contract/anthropic-messages.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { parseChatRequest } from "../../src/contract/chat.ts";
import { parseResponsesRequest } from "../../src/contract/responses.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { type DecisionRequest, decide } from "../../src/core/decide.ts";
import type { Result } from "../../src/core/result.ts";
import type { ChatMessage } from "../../src/encoder/route-text.ts";
import { type Turn, turnsOf } from "../../src/encoder/turns.ts";
import { decideInSession, type Session } from "../../src/router/session.ts";
import { plans, requestsOf, type SurfacePath, transcriptOf } from "../agents/transcripts.ts";

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../models/default/${name}`, import.meta.url)));
const predictor = unwrap(loadPredictor(read("bundle.safetensors")));
const catalogue = unwrap(parseCatalogue(read("catalogue.json")));
const prediction = predictor.predict(new Float32Array(predictor.encoder.dimension).fill(768 ** -0.5));
const parts = { predictor, catalogue, prediction };

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

const turn = (tokens: number, fields: Partial<Turn> = {}): Turn => ({
  ...{ isUsers: false, failures: 0, tokens, capabilities: ["tools"] },
  ...fields,
});
const asks = (tokens: number, fields: Partial<Turn> = {}) => turn(tokens, { isUsers: true, ...fields });
const rule = { kind: "tolerance", tolerance: 0.1 } as const;
const at = ({ tokens, capabilities }: Turn, fields: Partial<DecisionRequest> = {}): DecisionRequest => ({
  ...{ inputTokens: tokens, rule, require: { capabilities, contextTokens: tokens } },
  ...fields,
});
const session = (turns: readonly Turn[], fields: Partial<DecisionRequest> = {}): Session => ({
  turns,
  requestAt: (each) => at(each, fields),
  request: at(turns.at(-1) as Turn, fields),
});
const decided = (turns: readonly Turn[], fields: Partial<DecisionRequest> = {}) =>
  unwrap(decideInSession(parts, session(turns, fields)));
const alone = (tokens: number) => unwrap(decide(predictor, catalogue, prediction, at(turn(tokens)))).model;

// Two lengths for which the rule alone would choose differently: prices of input and output weigh otherwise.
const lengths = [500, 2_000, 8_000, 30_000, 100_000, 180_000];
const [short, long] = lengths
  .flatMap((a) => lengths.map((b) => [a, b] as const))
  .find(([a, b]) => a * 2 < b && alone(a) !== alone(b)) as readonly [number, number];

describe("a session", () => {
  test("is on the model of its first request while tools answer, whatever that comes to cost", () => {
    const results = Array.from({ length: 10 }, (_, k) => turn(short + ((k + 1) * (long - short)) / 10));
    const { model, reason, moved, ranking } = decided([asks(short), ...results]);
    expect([model, reason, moved]).toEqual([alone(short), "kept_current", undefined]);
    expect(model).not.toBe(alone(long));
    expect(ranking[0]?.model).toBe(model);
  });

  test("moves at a user's turn only where that pays with the lost cache counted in, and says so", () => {
    const { model, moved } = decided([asks(short), asks(long)]);
    const withCache = at(turn(long), { currentModel: alone(short) });
    expect(model).toBe(unwrap(decide(predictor, catalogue, prediction, withCache)).model);
    expect(moved).toEqual(model === alone(short) ? undefined : { from: alone(short), because: "price" });
    // What has hardly grown is not weighed again.
    expect(decided([asks(short), asks(short * 1.2)]).reason).toBe("kept_current");
  });

  test("leaves a model that can't take it any more, and stays with the next one", () => {
    const contextOf = (model: string) => catalogue.models[model]?.contextTokens as number;
    const larger = predictor.models.find((id) => contextOf(id) >= 1_000_000) as string;
    const small = predictor.models.find((id) => {
      const models = [id, larger];
      return contextOf(id) < 300_000 && decided([asks(short)], { models }).model === id;
    }) as string;
    const limit = contextOf(small);
    const models = [small, larger];
    const { model, moved } = decided([asks(short), turn(limit + 1)], { models });
    expect([model, moved]).toEqual([larger, { from: small, because: "requirement" }]);
    const all = { models: [...models, ...predictor.models.filter((id) => contextOf(id) > limit)] };
    const then = [asks(short), asks(limit + 1), turn(limit + 500)];
    expect(decided(then, all).model).toBe(decided(then.slice(0, 2), all).model);
  });

  test("that needs eyes from some turn on moves once", () => {
    const blind = predictor.models.find(
      (id) => catalogue.models[id]?.capabilities.includes("vision") === false,
    ) as string;
    const fields = { models: [blind, "gpt-5.4", "claude-sonnet-5"], rule: { kind: "quality" } } as const;
    const seeing = ["tools", "vision"] as const;
    const start = decided([asks(short, { capabilities: [] })], { ...fields, models: [blind] }).model;
    expect(start).toBe(blind);
    const all = [
      asks(short),
      turn(short + 100, { capabilities: seeing }),
      turn(short + 200, { capabilities: seeing }),
    ];
    const models = all.map((_, k) => decided(all.slice(0, k + 1), fields).model);
    expect(new Set(models.slice(1)).size).toBe(1);
  });

  test("goes one step up where results failed in a row, stays there, and goes no higher than there is", () => {
    const fails = (tokens: number) => turn(tokens, { failures: 1 });
    const scoreOf = (model: string) => prediction.decisionScore[predictor.models.indexOf(model)] as number;
    const turns = [asks(short), fails(short + 100), turn(short + 200)];
    const up = decided(turns.slice(0, 2));
    expect([up.reason, up.moved]).toEqual(["escalated", { from: alone(short), because: "failures" }]);
    expect(scoreOf(up.model)).toBeGreaterThanOrEqual(scoreOf(alone(short)) + 0.02);
    expect(decided(turns)).toMatchObject({ model: up.model, reason: "kept_current" });
    // What the user says then is weighed by the rule again.
    const then = decided([...turns, asks(short + 300)]);
    expect(then.model).toBe(
      unwrap(decide(predictor, catalogue, prediction, at(turn(short + 300), { currentModel: up.model })))
        .model,
    );
    // It is the cheapest such step.
    const cheaper = up.ranking
      .filter(({ expectedUsd }) => expectedUsd < up.expectedUsd)
      .map(({ model }) => model);
    for (const model of cheaper) expect(scoreOf(model)).toBeLessThan(scoreOf(alone(short)) + 0.02);
    const best = decided([asks(short), fails(short + 1)], { rule: { kind: "quality" } });
    expect([best.reason, best.moved]).toEqual(["kept_current", undefined]);
  });

  test("is where its caller says", () => {
    const currentModel = alone(long);
    expect(decided([asks(short), turn(short + 9)], { currentModel })).toMatchObject({
      ...{ model: currentModel, reason: "kept_current" },
    });
  });

  test("of ten thousand turns is worked out from a few of them", () => {
    const turns = Array.from({ length: 10_000 }, (_, k) => asks(100 + 15 * k));
    let looked = 0;
    const look = (each: Turn) => {
      looked++;
      return at(each);
    };
    const counted = { ...session(turns), requestAt: look };
    expect(decideInSession(parts, counted).ok).toBe(true);
    expect(looked).toBeLessThan(50);
  });

  test("with one candidate says so", () => {
    const models = ["gpt-5.4"];
    expect(decided([asks(short), turn(short + 9)], { models }).reason).toBe("only_candidate");
  });
});

describe("turns", () => {
  const parse = {
    "/v1/chat/completions": parseChatRequest,
    "/v1/responses": parseResponsesRequest,
    "/v1/messages": parseAnthropicRequest,
  } as const;
  const turnsOn = (path: SurfacePath, plan: (typeof plans)[number]) => {
    const body = { model: "auto", ...requestsOf(transcriptOf(plan), path).at(-1) };
    const request = unwrap(parse[path](body));
    if (typeof request.said === "string") throw new Error("a prompt");
    return turnsOf(request.said);
  };

  test.each(plans)("of $name are the same on every surface", (plan) => {
    const chat = turnsOn("/v1/chat/completions", plan);
    const facts = (turns: readonly Turn[]) =>
      turns.map(({ isUsers, failures, capabilities }) => ({
        isUsers,
        failures,
        capabilities: [...capabilities].sort(),
      }));
    for (const path of ["/v1/responses", "/v1/messages"] as const) {
      expect(facts(turnsOn(path, plan))).toEqual(facts(chat));
    }
    expect(chat.filter(({ isUsers }) => isUsers).length).toBe(Object.keys(plan.says).length);
    expect(chat.reduce((sum, { failures }) => sum + failures, 0)).toBe(Math.floor(runOf(plan.fails) / 3));
  });

  /** The longest run of turns that follow each other. */
  function runOf(fails: readonly number[] = []): number {
    let [longest, run] = [0, 0];
    for (const [k, each] of fails.entries()) {
      run = fails[k - 1] === each - 1 ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  test.each([
    ["Error: no such file", true],
    ["Traceback (most recent call last):\n  File x", true],
    ["Exit code: 1\nOutput:\nx", true],
    ["Exit code: 0\nOutput:\nfatal things happen in files", false],
    ['{"output":"x","metadata":{"exit_code":2,"duration_seconds":0.1}}', true],
    [`${"line\n".repeat(400)}process exited with code 127`, true],
    ["12 passed", false],
    ["# Errors and how to read them", false],
    ["export const error = 1;", false],
    ["", false],
  ])("%j of a tool is a failure: %s", (content, failed) => {
    const messages: ChatMessage[] = [{ role: "user", content: "Do it." }];
    for (let k = 0; k < 3; k++)
      messages.push({ role: "assistant", content: null }, { role: "tool", content });
    expect(turnsOf(messages).at(-1)?.failures).toBe(failed ? 1 : 0);
  });

  test("results in one message count one by one, and one that succeeds ends the row", () => {
    const result = (is_error: boolean) => ({ type: "tool_result", text: "x", is_error });
    const ask = { role: "user", content: "Do it." };
    const of = (...failed: boolean[]) =>
      turnsOf([ask, { role: "assistant" }, { role: "user", content: failed.map(result) }]);
    expect(of(true, true, true).at(-1)?.failures).toBe(1);
    expect(of(true, false, true, true).at(-1)?.failures).toBe(0);
    expect(of(...Array(6).fill(true)).at(-1)?.failures).toBe(2);
  });
});
