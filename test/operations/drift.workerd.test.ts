import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { startFreshWorker } from "../worker/fresh-worker.ts";
import { seed } from "../worker/seed.ts";
import { makeTables, sql } from "./tables.ts";

const variables = { DECISION_LOG: "d1" };

beforeEach(async () => {
  await seed();
  await makeTables();
});

/** 40 decisions and grades a day, from `from` days ago to `to`: their familiarity, cost and score are about these. */
async function traffic(
  from: number,
  to: number,
  familiarity: number,
  usd: number,
  score: number,
): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const rows = (from - to) * 40;
  // Spread evenly over the time, a little above and below the mean.
  const rowsOf = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${rows})`;
  const at = `${now} - 60 - CAST((${to} + (i + 0.5) / 40) * 86400 AS INTEGER)`;
  const about = (mean: number) => `${mean} * (0.9 + 0.2 * (i % 7) / 6)`;
  await sql(
    `INSERT INTO decisions (decided_at, model, reason, bundle, role, path, p_correct, expected_usd, familiarity, cache_hit, cheapest_usd, best_on_average_usd)
     ${rowsOf} SELECT ${at}, 'a', 'highest_p_correct', 'b', 'live', '/v1/route', 0.5, ${about(usd)}, ${about(familiarity)}, 0, 0, 0 FROM n`,
  );
  await sql(
    `INSERT INTO feedback (decision, model, score, bundle, encoder, embedding, decided_at, received_at)
     ${rowsOf} SELECT ${from} || '-' || i, 'a', ${about(score)}, 'b', 'e', '', ${at}, ${at} FROM n`,
  );
}

test("a last day like the month before is no fault", async () => {
  await traffic(25, 0, 0.8, 0.002, 0.7);
  const { body } = await startFreshWorker(variables).send("/health");
  expect([body.status, body.faults]).toEqual(["ok", []]);
});

test("a last day that is otherwise degrades /health, with a sentence for each thing", async () => {
  await traffic(25, 1, 0.8, 0.002, 0.7);
  await traffic(1, 0, 0.4, 0.004, 0.5);
  const worker = startFreshWorker(variables);
  const { status, body } = await worker.send("/health");
  expect([status, body.status]).toEqual([200, "degraded"]);
  expect(body.faults.map(({ code, message }: Fault) => [code, message.replaceAll(/0\.\d+/g, "#")])).toEqual([
    [
      "familiarity_drifted",
      "prompts are less like what the router learned from: familiarity of the last day is #, outside of # to # as 24 days of the last month make likely",
    ],
    [
      "cost_drifted",
      "a decision of the last day is expected to cost # USD, outside of # to # as 24 days of the last month make likely",
    ],
    [
      "score_drifted",
      "answers are graded worse: the mean score of the last day is #, outside of # to # as 24 days of the last month make likely",
    ],
  ]);
  expect((await worker.send("/metrics")).body).toContain('signalbox_fault{code="score_drifted"} 1');
});

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly since: string;
}

test("it is counted once in six hours, whichever isolate is asked", async () => {
  await traffic(25, 1, 0.8, 0.002, 0.7);
  await traffic(1, 0, 0.4, 0.002, 0.7);
  const first = (await startFreshWorker(variables).send("/health")).body.faults;
  expect(first.map(({ code }: Fault) => code)).toEqual(["familiarity_drifted"]);
  await sql("DELETE FROM decisions");
  expect((await startFreshWorker(variables).send("/health")).body.faults).toEqual(first);
  await sql("UPDATE drift SET checked_at = checked_at - 6 * 3600 - 1");
  expect((await startFreshWorker(variables).send("/health")).body.faults).toEqual([]);
});

test("since when it is so stays, as long as it is so", async () => {
  await traffic(25, 1, 0.8, 0.002, 0.7);
  await traffic(1, 0, 0.4, 0.002, 0.7);
  await startFreshWorker(variables).send("/health");
  await sql(
    "UPDATE drift SET checked_at = checked_at - 6 * 3600 - 1, findings = json_set(findings, '$[0].since', 1700000000)",
  );
  const { body } = await startFreshWorker(variables).send("/health");
  expect(body.faults[0].since).toBe("2023-11-14T22:13:20.000Z");
});

test("no decision asks for it, and no database that fails makes /health fail", async () => {
  const statements: string[] = [];
  const database = env["DB"] as { prepare(sql: string): unknown };
  const DB = {
    prepare(text: string) {
      statements.push(text);
      return database.prepare(text);
    },
  };
  const worker = startFreshWorker({ ...variables, DB });
  await worker.route();
  expect(statements.filter((text) => /drift/.test(text))).toEqual([]);
  await worker.send("/health");
  expect(statements.some((text) => /drift/.test(text))).toBe(true);
  await sql("DROP TABLE drift");
  expect((await startFreshWorker(variables).send("/health")).body.status).toBe("ok");
});
