import { beforeAll, describe, expect, test } from "vitest";
import { post, send } from "./client.ts";
import { type Seed, seed } from "./seed.ts";

let seeded: Seed;
beforeAll(async () => {
  seeded = await seed();
});

const maths = "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?";
const law = "Under the common law, which element distinguishes larceny from embezzlement?";
const code = "Write a Python function that returns the longest palindromic substring of a string.";

describe("POST /v1/route", () => {
  test("decides a prompt with the real encoder and the default bundle", async () => {
    const { status, headers, body } = await post("/v1/route", { prompt: maths });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^dec_[0-9a-f]{32}$/),
      model: expect.any(String),
      reason: expect.stringMatching(/^(highest_p_correct|best_on_average)$/),
      bundle: seeded.bundle,
      catalogue: seeded.catalogue,
    });
    expect(body.p_correct).toBeGreaterThan(0);
    expect(body.p_correct).toBeLessThanOrEqual(1);
    expect(body.expected_usd).toBeGreaterThan(0);
    expect(body.familiarity).toBeGreaterThanOrEqual(0);
    expect(body.familiarity).toBeLessThanOrEqual(1);
    expect(body.ranking[0]).toEqual({
      model: body.model,
      p_correct: body.p_correct,
      expected_usd: body.expected_usd,
    });
    expect(headers.get("x-signalbox-model")).toBe(body.model);
    expect(headers.get("x-signalbox-reason")).toBe(body.reason);
    expect(headers.get("x-signalbox-decision")).toBe(body.id);
    expect(headers.get("x-signalbox-bundle")).toBe(seeded.bundle);
    expect(Number(headers.get("x-signalbox-p-correct"))).toBeCloseTo(body.p_correct, 3);
    expect(headers.get("server-timing")).toMatch(/^state;dur=[\d.]+, embed;dur=[\d.]+, decide;dur=[\d.]+$/);
  });

  test("different prompts get different probabilities, the same prompt the same", async () => {
    const answers = await Promise.all(
      [maths, law, code, maths].map((prompt) => post("/v1/route", { prompt })),
    );
    const [p1, p2, p3, p4] = answers.map(({ body }) => JSON.stringify(body.ranking));
    expect(new Set([p1, p2, p3]).size).toBe(3);
    expect(p4).toBe(p1);
  });

  test("messages are routed on the first user turn", async () => {
    const [prompt, chat] = await Promise.all([
      post("/v1/route", { prompt: maths }),
      post("/v1/route", {
        messages: [
          { role: "system", content: "Be short." },
          { role: "user", content: `<system-reminder>Today is Sunday.</system-reminder>${maths}` },
          { role: "assistant", content: "205 minutes." },
          { role: "user", content: code },
        ],
      }),
    ]);
    const probabilities = (answer: typeof prompt) =>
      new Map(answer.body.ranking.map(({ model, p_correct }: Ranked) => [model, p_correct]));
    expect(probabilities(chat)).toEqual(probabilities(prompt));
  });

  test("filters: models with wildcards, exclude, require, max_usd", async () => {
    const all: Ranked[] = (await post("/v1/route", { prompt: maths })).body.ranking;
    const only = await post("/v1/route", { prompt: maths, models: [all[1]?.model] });
    expect(only.body).toMatchObject({ model: all[1]?.model, reason: "only_candidate" });
    const without = await post("/v1/route", { prompt: maths, exclude: [all[0]?.model] });
    expect(without.body.model).toBe(all[1]?.model);
    const prefix = all[0]?.model.slice(0, 3);
    const wild = await post("/v1/route", { prompt: maths, models: [`${prefix}*`] });
    expect(wild.body.ranking.length).toBe(
      all.filter(({ model }) => model.startsWith(prefix as string)).length,
    );
    const vision = await post("/v1/route", { prompt: maths, require: { vision: true } });
    const models = (await send("/v1/models")).body.data;
    const sighted = models.filter(({ capabilities = [] }: Listed) => capabilities.includes("vision"));
    const sightedIds = sighted.map(({ id }: Listed) => id);
    for (const { model } of vision.body.ranking) expect(sightedIds).toContain(model);
    const costs = all.map(({ expected_usd }) => expected_usd).sort((a, b) => a - b);
    const ceiling = costs[Math.floor(costs.length / 2)];
    const cheap = await post("/v1/route", { prompt: maths, max_usd: ceiling });
    for (const { expected_usd } of cheap.body.ranking) expect(expected_usd).toBeLessThanOrEqual(ceiling);
  });

  test("choice rules change the reason and never cost more than quality", async () => {
    const best = (await post("/v1/route", { prompt: maths })).body;
    const tolerant = (await post("/v1/route", { prompt: maths, tolerance: 0.2 })).body;
    expect(tolerant.reason).toBe("cheapest_within_tolerance");
    expect(tolerant.expected_usd).toBeLessThanOrEqual(best.expected_usd);
    const least = (await post("/v1/route", { prompt: maths, min_p_correct: 0 })).body;
    expect(least.reason).toBe("cheapest_above_threshold");
    expect(least.expected_usd).toBe(
      Math.min(...least.ranking.map(({ expected_usd }: Ranked) => expected_usd)),
    );
    const value = (await post("/v1/route", { prompt: maths, lambda_usd: 1e-9 })).body;
    expect(value).toMatchObject({ reason: "best_value", model: least.model });
  });

  test("current_model is cheaper to stay on, and says that it was kept", async () => {
    const best = (await post("/v1/route", { prompt: maths })).body;
    const kept = (await post("/v1/route", { prompt: maths, current_model: best.model })).body;
    expect(kept).toMatchObject({ model: best.model, reason: "kept_current" });
    expect(kept.expected_usd).toBeLessThanOrEqual(best.expected_usd);
  });

  test("explain tells what went into the decision", async () => {
    const { body } = await post("/v1/route", { prompt: maths, tools: [{ type: "function" }], explain: true });
    expect(body.explanation).toMatchObject({ rule: "quality", routed_characters: maths.length });
    expect(body.explanation.required_capabilities).toEqual(["tools"]);
    expect(body.explanation.models.length).toBe(body.ranking.length);
    expect(body.explanation.nearest_tasks.length).toBeGreaterThan(0);
  });

  test.each([
    ["three tokens", "Hi"],
    ["100,000 characters", "The quick brown fox jumps over the lazy dog. ".repeat(2223)],
    ["emoji", "👩‍👩‍👧‍👦🏳️‍🌈🤷🏽"],
    ["Chinese", "请用三句话解释量子纠缠。"],
    ["null bytes", "a\u0000b\u0000c"],
    ["a lone surrogate", "broken \ud83d text"],
  ])("decides %s", async (_, prompt) => {
    const { status, body } = await post("/v1/route", { prompt });
    expect(status).toBe(200);
    for (const { p_correct } of body.ranking) expect(Number.isFinite(p_correct)).toBe(true);
  });
});

interface Ranked {
  readonly model: string;
  readonly p_correct: number;
  readonly expected_usd: number;
}

interface Listed {
  readonly id: string;
  readonly capabilities?: readonly string[];
}

describe("POST /v1/route/batch", () => {
  test("decides each request as /v1/route does, and tells errors in their place", async () => {
    const { status, body } = await post("/v1/route/batch", {
      requests: [
        { prompt: maths },
        { prompt: law, models: ["no-such-model"] },
        { prompt: code, tolerance: 0.1 },
        {},
      ],
    });
    expect(status).toBe(200);
    const single = (await post("/v1/route", { prompt: maths })).body;
    expect(body.data[0].ranking).toEqual(single.ranking);
    expect(body.data[1].error).toMatchObject({ code: "unknown_model", param: "models" });
    expect(body.data[2].reason).toBe("cheapest_within_tolerance");
    expect(body.data[3].error.code).toBe("missing_prompt");
  });

  test.each([
    [{}, "requests"],
    [{ requests: [] }, "requests"],
    [{ requests: Array(33).fill({ prompt: "x" }) }, "requests"],
    [{ requests: "x" }, "requests"],
    [{ requests: [{ prompt: "x" }, { prompt: "x", spend: 7 }] }, "requests.1.spend"],
  ])("%j is refused as a whole", async (body, param) => {
    const answer = await post("/v1/route/batch", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "invalid_request", param });
  });
});

describe("the other addresses", () => {
  test("GET /v1/models lists auto and the catalogue", async () => {
    const { status, body } = await send("/v1/models");
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: "list", data: expect.any(Array) });
    expect(body.data[0]).toMatchObject({ id: "auto", object: "model", owned_by: "signalbox" });
    expect(body.data.filter(({ routed }: { routed?: boolean }) => routed).length).toBeGreaterThan(5);
  });

  test("GET /health tells what is served, and the hit rate of the embedding cache", async () => {
    const before = (await send("/health")).body.embedding_cache;
    await post("/v1/route", { prompt: `${maths} (again)` });
    await post("/v1/route", { prompt: `${maths} (again)`, tolerance: 0.1 });
    const { status, body } = await send("/health");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "ok",
      faults: [],
      encoder: {
        checksum: seeded.encoder,
        backend: "onnx",
        activation_bits: 8,
        read_ms: expect.any(Number),
      },
      bundle: { checksum: seeded.bundle },
      catalogue: { checksum: seeded.catalogue },
    });
    expect(body.embedding_cache.misses - before.misses).toBe(1);
    expect(body.embedding_cache.hits - before.hits).toBe(1);
  });

  test("GET /openapi.json serves the contract", async () => {
    const { body } = await send("/openapi.json");
    expect(body.openapi).toBe("3.1.0");
    expect(Object.keys(body.paths)).toContain("/v1/route");
  });
});
