import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { startLocalWorker } from "../../src/cli/local-worker.ts";
import { runWrangler } from "../../src/cli/run-wrangler.ts";
import { choose } from "../../src/core/policy.ts";
import type { DecisionFacts } from "../../src/worker/records/analytics.ts";
import { copyPublishedState } from "../prepared.ts";
import { type Graded, joinGraded, mean, near, recount, sum } from "./recount.ts";
import { insertsOf, makeFeedback, makeRows, makeSignals, predictor } from "./report-rows.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const d1 = ["--local", "--config", join(root, "wrangler.toml")];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-report-"));
});
afterAll(() =>
  Promise.all(
    [folder, `${folder}-empty`, `${folder}-live`].map((each) => rm(each, { recursive: true, force: true })),
  ),
);

function report(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const full = ["src/cli/main.ts", "report", "--state", folder, ...args];
    execFile(process.execPath, full, { cwd: root }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr)),
    );
  });
}

test("a report on 10,000 decisions equals a recount", async () => {
  const empty = report("--state", `${folder}-empty`);
  await expect(empty).rejects.toThrow(/has no tables yet: npx wrangler d1 migrations apply DB --local/);
  await copyPublishedState(folder, true);
  expect(await report()).toContain("No decisions were recorded");

  const now = Math.floor(Date.now() / 1000);
  const all = makeRows(now);
  const scores = makeFeedback(all);
  const signals = makeSignals(scores);
  const file = join(folder, "rows.sql");
  await writeFile(
    file,
    [
      ...insertsOf("decisions", all, 100),
      ...insertsOf("feedback", scores, 40),
      ...insertsOf("signals", signals, 200),
    ].join("\n"),
  );
  const stored = await runWrangler(["d1", "execute", "DB", "--file", file, ...d1, "--persist-to", folder]);
  expect([stored.code, stored.stderr]).toEqual([0, expect.any(String)]);

  const counted = JSON.parse(await report("--days", "7", "--json"));
  const rows = all.filter(({ decided_at }) => decided_at >= now - 7 * 24 * 3600);
  // A row exactly at the edge may fall out between the two clocks.
  expect(Math.abs(counted.decisions - rows.length)).toBeLessThan(5);
  const whole = JSON.parse(await report("--days", "30", "--json"));
  expect(whole).toMatchObject({
    decisions: 10_000,
    usd: near(sum(all.map(({ expected_usd }) => expected_usd))),
    usd_always_cheapest: near(sum(all.map(({ cheapest_usd }) => cheapest_usd))),
    usd_always_best: near(sum(all.map(({ best_on_average_usd }) => best_on_average_usd))),
    mean_p_correct: near(mean(all.map(({ p_correct }) => p_correct))),
    mean_p_always_cheapest: near(mean(all.map(({ cheapest_p }) => cheapest_p as number))),
    mean_p_always_best: near(mean(all.map(({ best_on_average_p }) => best_on_average_p as number))),
    explored: all.filter(({ reason }) => reason === "explored").length,
    share_unfamiliar: near(all.filter(({ reason }) => reason === "best_on_average").length / 10_000),
    share_cache_hits: near(mean(all.map(({ cache_hit }) => cache_hit))),
    feedback: [...Map.groupBy(scores, ({ bundle }) => bundle)].map(([bundle, own]) => ({
      bundle,
      scores: own.length,
      mean_score: near(mean(own.map(({ score }) => score))),
    })),
    signals: ["accepted", "edited"].map((signal) => {
      const own = signals.filter((one) => one.signal === signal);
      const pairs = own.flatMap(({ decision, score }) => {
        const graded = scores.find((one) => one.decision === decision && one.signal === null);
        return graded === undefined ? [] : [{ grade: graded.score, score }];
      });
      return {
        signal,
        received: own.length,
        mean_score: near(mean(own.map(({ score }) => score))),
        graded: pairs.length,
        mean_grade: near(mean(pairs.map(({ grade }) => grade))),
        mean_difference: near(mean(pairs.map(({ grade, score }) => Math.abs(grade - score)))),
      };
    }),
    database: { bytes: null, feedback_rows: 1000, decision_rows: 10_000 },
  });
  const byModel = Map.groupBy(all, ({ model }) => model);
  expect(
    Object.fromEntries(whole.models.map(({ model, ...rest }: { model: string }) => [model, rest])),
  ).toEqual(
    Object.fromEntries(
      [...byModel].map(([model, own]) => [
        model,
        { decisions: own.length, usd: near(sum(own.map(({ expected_usd }) => expected_usd))) },
      ]),
    ),
  );
  const byDay = Map.groupBy(all, ({ decided_at }) => new Date(decided_at * 1000).toISOString().slice(0, 10));
  expect(whole.days).toEqual(
    [...byDay.keys()].toSorted().map((day) => {
      const own = byDay.get(day) as DecisionFacts[];
      return { day, decisions: own.length, mean_familiarity: near(mean(own.map((row) => row.familiarity))) };
    }),
  );
  expect(whole.bundles).toEqual(
    ["live", "canary"].map((role) => {
      const own = all.filter((row) => row.role === role);
      return {
        bundle: own[0]?.bundle,
        role,
        decisions: own.length,
        mean_p_correct: near(mean(own.map((row) => row.p_correct))),
        mean_usd: near(mean(own.map((row) => row.expected_usd))),
      };
    }),
  );
  const shadowed = all.filter((row) => row.shadow_bundle !== null);
  expect(whole.shadows).toEqual([
    {
      shadow_bundle: "d".repeat(64),
      compared: shadowed.length,
      different: shadowed.filter((row) => row.shadow_model !== row.policy_model).length,
      mean_p_correct: near(mean(shadowed.map((row) => row.shadow_p_correct as number))),
      mean_usd: near(mean(shadowed.map((row) => row.shadow_usd as number))),
    },
  ]);
  const text = await report("--days", "30");
  expect(text).toMatch(/^10000 decisions in the last 30 days\n/);
  expect(text).toContain(`value on ${joinGraded(all, scores).length} graded decisions, with 95 % intervals`);
});

test("values of the router, of always one kind of model and of another bundle equal a recount", async () => {
  const all = makeRows(Math.floor(Date.now() / 1000));
  const graded = joinGraded(all, makeFeedback(all));
  const { values } = JSON.parse(await report("--days", "30", "--json", "--bundle", "models/default"));
  expect([values.graded, values.drawn, values.left_out]).toEqual([
    graded.length,
    graded.filter(({ row }) => row.model !== row.policy_model).length,
    0,
  ]);
  const cheapest = ({ candidates }: Graded) =>
    candidates.toSorted(([, , a], [, , b]) => a - b)[0]?.[0] as string;
  const byBundle = ({ row, embedding, candidates }: Graded) => {
    const unit = Float32Array.from(new Int8Array(Buffer.from(embedding, "base64")));
    const length = Math.hypot(...unit);
    const { pCorrect, decisionScore } = predictor.predict(unit.map((x) => x / length));
    const known = candidates.map(([model, , expectedUsd]) => {
      const m = predictor.models.indexOf(model);
      return {
        model,
        expectedUsd,
        pCorrect: pCorrect[m] as number,
        decisionScore: decisionScore[m] as number,
      };
    });
    return unwrap(choose(known, JSON.parse(row.rule as string))).chosen.model;
  };
  expect(values.policies.slice(1)).toEqual(
    Object.entries({
      "the router, without draws": ({ row }: Graded) => row.policy_model as string,
      "always best on average": ({ row }: Graded) => row.best_on_average_model as string,
      "always the cheapest": cheapest,
      "models/default": byBundle,
    }).map(([policy, choiceOf]) => ({ policy, ...recount(graded, choiceOf) })),
  );
  expect(values.policies[0]).toMatchObject({
    policy: "the router as it is",
    direct: { value: near(mean(graded.map(({ row }) => row.p_correct))) },
    measured: { value: near(mean(graded.map(({ score }) => score))) },
    usd: { value: near(mean(graded.map(({ row }) => row.expected_usd))) },
    extrapolated_share: 0,
  });
});

test("what a Worker recorded over HTTP is what the report tells, and the live bundle agrees with itself", async () => {
  const state = `${folder}-live`;
  await copyPublishedState(state, true);
  const worker = await startLocalWorker({
    configPath: join(root, "wrangler.toml"),
    statePath: state,
    port: 0,
    variables: {
      ...{ AUTH: "open", DECISION_LOG: "d1", DECISION_SECRET: "0123456789abcdef0123456789abcdef" },
      ...{ EXPLORE: "0.4", EXPLORE_MAX_P_LOSS: "1", EXPLORE_MAX_USD: "1", SIGNALS: "accepted=1" },
    },
  });
  const post = async (path: string, body: object) => {
    const response = await fetch(`${worker.origin}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json();
  };
  const answers: { score: number; p: number; usd: number; reason: string }[] = [];
  try {
    for (let i = 0; i < 60; i++) {
      const prompt = `How many positive divisors does ${i + 100} have?`;
      const { id, p_correct, expected_usd, reason } = await post("/v1/route", {
        prompt,
        spend: 0.3,
        models: ["gpt-*"],
      });
      const score = i % 3 === 0 ? 0 : 1;
      if (i % 2 && score === 1) await post("/v1/signal", { decision: id, signal: "accepted" });
      else await post("/v1/feedback", { decision: id, score });
      answers.push({ score, p: p_correct, usd: expected_usd, reason });
    }
  } finally {
    await worker.stop();
  }
  const { values, explored, signals } = JSON.parse(
    await report("--state", state, "--json", "--bundle", "models/default"),
  );
  const drawn = answers.filter(({ reason }) => reason === "explored").length;
  expect(drawn).toBeGreaterThan(5);
  expect([values.graded, values.drawn, values.left_out, explored]).toEqual([60, drawn, 0, drawn]);
  expect(signals).toMatchObject([{ signal: "accepted", received: 20, graded: 0, mean_grade: null }]);
  const [asItIs, without, best, cheapest, itself] = values.policies;
  expect(asItIs).toMatchObject({
    direct: { value: near(mean(answers.map(({ p }) => p))) },
    measured: { value: near(40 / 60) },
    usd: { value: near(mean(answers.map(({ usd }) => usd))) },
  });
  // Everybody can be drawn, so that nothing is out of reach.
  for (const { policy, extrapolated_share } of [without, best, cheapest, itself])
    expect(extrapolated_share, policy).toBe(0);
  // From embeddings that were rounded to int8.
  expect(Math.abs(itself.direct.value - without.direct.value)).toBeLessThan(0.01);
  expect(cheapest.usd.value).toBeLessThanOrEqual(without.usd.value);
});
