import { beforeEach, expect, test } from "vitest";
import { startFreshWorker } from "../worker/fresh-worker.ts";
import { type Seed, seed } from "../worker/seed.ts";
import { makeTables, sql } from "./tables.ts";

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
  });
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
])("%j is a misconfiguration", async (variables, param) => {
  const { status, body } = await startFreshWorker(variables).route();
  expect([status, body.error.code, body.error.param]).toEqual([503, "misconfigured", param]);
});
