import { beforeEach, expect, test } from "vitest";
import { startFreshWorker } from "../worker/fresh-worker.ts";
import { type Seed, seed } from "../worker/seed.ts";
import { makeTables, sql } from "./tables.ts";

interface RankedModel {
  readonly model: string;
  readonly p_correct: number;
  readonly expected_usd: number;
}

let live: Seed;
beforeEach(async () => {
  live = await seed();
  await makeTables();
});

test("DECISION_LOG=d1 keeps one row a decision, without the prompt", async () => {
  const worker = startFreshWorker({ DECISION_LOG: "d1" });
  const first = (await worker.route({ prompt: "Who wrote Kalevala?" })).body;
  await worker.route({ prompt: "Who wrote Kalevala?", tolerance: 0.1 });
  const rows = await sql("SELECT * FROM decisions ORDER BY rowid");
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual({
    decided_at: expect.any(Number),
    model: first.model,
    reason: first.reason,
    bundle: live.bundle,
    role: "live",
    key_name: null,
    path: "/v1/route",
    p_correct: first.p_correct,
    expected_usd: first.expected_usd,
    familiarity: first.familiarity,
    cache_hit: 0,
    cheapest_usd: Math.min(...first.ranking.map((each: { expected_usd: number }) => each.expected_usd)),
    best_on_average_usd: expect.any(Number),
    shadow_bundle: null,
    shadow_model: null,
    shadow_p_correct: null,
    shadow_usd: null,
    decision: first.id.slice("dec_".length),
    rule: '{"kind":"quality"}',
    policy_model: first.model,
    propensity: 1,
    candidates: expect.any(String),
    cheapest_p: expect.any(Number),
    best_on_average_model: expect.any(String),
    best_on_average_p: expect.any(Number),
  });
  expect(JSON.parse(String(rows[0]?.["candidates"]))).toEqual(
    first.ranking.map(({ model, p_correct, expected_usd }: RankedModel) => [
      model,
      expect.closeTo(p_correct, 4),
      Number(expected_usd.toPrecision(4)),
    ]),
  );
  expect(rows[1]).toMatchObject({ cache_hit: 1, reason: "cheapest_within_tolerance" });
  expect(JSON.stringify(rows)).not.toContain("Kalevala");
});

test("/metrics counts what was recorded, and has no series for what was not", async () => {
  const worker = startFreshWorker({ DECISION_LOG: "d1" });
  const { model, expected_usd } = (await worker.route({ prompt: "Who wrote Kalevala?" })).body;
  const { status, headers, body } = await worker.send("/metrics");
  expect([status, headers.get("content-type")]).toEqual([
    200,
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  ]);
  expect(body).toContain(`\nsignalbox_decisions{model="${model}",window="7d"} 1\n`);
  expect(body).toContain(`\nsignalbox_expected_usd{model="${model}",window="7d"} ${expected_usd}\n`);
  expect(body).toMatch(new RegExp(`\nsignalbox_state\\{bundle="${live.bundle}"[^}]*\\} 1\n`));
  expect(body).toMatch(/^# TYPE signalbox_serving gauge\n[\s\S]*\n# EOF\n$/);
  expect((await startFreshWorker().send("/metrics")).body).not.toContain("signalbox_decisions");
});

test("a data set that fails costs no row", async () => {
  const ANALYTICS = {
    writeDataPoint() {
      throw new Error("too many points");
    },
  };
  await startFreshWorker({ DECISION_LOG: "d1", ANALYTICS }).route();
  expect(await sql("SELECT * FROM decisions")).toHaveLength(1);
});

const exploring = { DECISION_LOG: "d1", EXPLORE: "0.5", EXPLORE_MAX_P_LOSS: "0.3", EXPLORE_MAX_USD: "0.005" };
const prompts = Array.from({ length: 24 }, (_, i) => `Who was king ${i} of Sweden?`);

test("a share of free choices is drawn, within the bounds, and the row says how likely that was", async () => {
  const worker = startFreshWorker(exploring);
  const models = ["gpt-5.4", "gpt-4o-mini", "claude-sonnet-4.6", "gemini-*"];
  const answers = [];
  for (const prompt of prompts) answers.push((await worker.route({ prompt, models })).body);
  const rows = await sql("SELECT * FROM decisions ORDER BY rowid");
  const drawn = rows.filter(({ reason }) => reason === "explored");
  // Half the draws, of which some meet the rule's own choice.
  expect(drawn.length).toBeGreaterThan(2);
  expect(drawn.length).toBeLessThan(prompts.length - 2);
  for (const [i, row] of rows.entries()) {
    const answer = answers[i];
    expect([row["model"], row["reason"]]).toEqual([answer.model, answer.reason]);
    const candidates: [string, number, number, 1?][] = JSON.parse(String(row["candidates"]));
    const drawable = candidates.filter((candidate) => candidate.length === 4);
    const isDrawn = row["reason"] === "explored";
    expect(isDrawn).toBe(row["policy_model"] !== row["model"]);
    const each = 0.5 / drawable.length;
    expect(row["propensity"]).toBeCloseTo(drawable.length < 2 ? 1 : each + (isDrawn ? 0 : 0.5), 9);
    const own = candidates.find(([model]) => model === row["policy_model"]);
    for (const [model, p, usd] of drawable) {
      if (model === row["policy_model"]) continue;
      expect(p).toBeGreaterThanOrEqual((own?.[1] ?? 1) - 0.3001);
      expect(usd).toBeLessThanOrEqual(0.005);
    }
  }
});

test("who names one model, a least probability or a price is never given less", async () => {
  const worker = startFreshWorker(exploring);
  for (const prompt of prompts) {
    const pinned = (await worker.route({ prompt, models: ["gpt-5.4"] })).body;
    expect([pinned.model, pinned.reason]).toEqual(["gpt-5.4", "only_candidate"]);
    const sure = (await worker.route({ prompt, min_p_correct: 0.6, max_usd: 0.001 })).body;
    if (sure.reason === "explored") expect(sure.p_correct).toBeGreaterThanOrEqual(0.6);
    expect(sure.expected_usd).toBeLessThanOrEqual(0.001);
  }
  const rows = await sql("SELECT reason, propensity FROM decisions");
  expect(rows.filter(({ reason }) => reason === "only_candidate")).toEqual(
    prompts.map(() => ({ reason: "only_candidate", propensity: 1 })),
  );
  expect(rows.some(({ reason }) => reason === "explored")).toBe(true);
});

test("a conversation stays on the model that was drawn for it, until it is weighed anew", async () => {
  const worker = startFreshWorker(exploring);
  let drawn = 0;
  // So long that the next turn is no growth at which switching is weighed.
  const wishes = "Please answer in whole sentences, with the years and the names of both parents. ".repeat(9);
  for (const prompt of prompts.slice(0, 12)) {
    const content = `${prompt} ${wishes}`;
    const messages = [{ role: "user", content }];
    const first = (await worker.route({ messages })).body;
    if (first.reason === "explored") drawn++;
    const later = [
      ...messages,
      { role: "assistant", content: "Magnus." },
      { role: "user", content: "Sure?" },
    ];
    const second = (await worker.route({ messages: later })).body;
    expect([second.model, second.reason]).toEqual([first.model, "kept_current"]);
  }
  expect(drawn).toBeGreaterThan(0);
});

test("nothing is kept unless it was asked for", async () => {
  await startFreshWorker().route();
  expect(await sql("SELECT * FROM decisions")).toEqual([]);
});

test("a database that fails costs no decision", async () => {
  await sql("DROP TABLE decisions");
  expect((await startFreshWorker({ DECISION_LOG: "d1" }).route()).status).toBe(200);
});

test.each([
  [{ DECISION_LOG: "yes" }, "DECISION_LOG"],
  [{ DECISION_LOG: "d1", DB: undefined }, "DB"],
  [{ EXPLORE: "0.02" }, "EXPLORE"],
  [{ DECISION_LOG: "d1", EXPLORE: "0.6" }, "EXPLORE"],
])("%j is a misconfiguration", async (variables, param) => {
  const { status, body } = await startFreshWorker(variables).route();
  expect([status, body.error.code, body.error.param]).toEqual([503, "misconfigured", param]);
});
