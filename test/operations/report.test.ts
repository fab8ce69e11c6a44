import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { startLocalWorker } from "../../src/cli/local-worker.ts";
import { runWrangler } from "../../src/cli/run-wrangler.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { choose } from "../../src/core/policy.ts";
import type { DecisionFacts } from "../../src/worker/records/analytics.ts";
import { copyPublishedState } from "../prepared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const d1 = ["--local", "--config", join(root, "wrangler.toml")];
const DAY_SECONDS = 24 * 3600;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-report-"));
});
afterAll(() =>
  Promise.all(
    [folder, `${folder}-empty`, `${folder}-live`].map((each) => rm(each, { recursive: true, force: true })),
  ),
);

const predictor = unwrap(loadPredictor(readFileSync(join(root, "models/default/bundle.safetensors"))));
const models = predictor.models.slice(0, 3);

/** 10,000 decisions of ten days, the same in every run. */
function makeRows(now: number): readonly DecisionFacts[] {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const oneOf = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
  return Array.from({ length: 10_000 }, (_, i) => {
    const isCanary = random() < 0.1;
    const isShadowed = !isCanary && random() < 0.5;
    const usd = random() / 100;
    const policyModel = oneOf(models);
    // Two of three can be drawn, in a share of .3 of the decisions; in every fifth decision nobody.
    const drawable =
      i % 5 === 0 ? [] : models.filter((model) => model === policyModel || model !== models[2]);
    const model = random() < 0.3 && drawable.length > 1 ? oneOf(drawable) : policyModel;
    const candidates = models.map((name): LoggedRow => {
      const row = [name, Number(random().toFixed(4)), Number((random() / 100).toPrecision(4))] as const;
      return drawable.includes(name) && drawable.length > 1 ? [...row, 1] : row;
    });
    const kept = random() < 0.05;
    return {
      decided_at: now - Math.floor(random() * 10 * DAY_SECONDS) - 60,
      model,
      reason: kept
        ? "kept_current"
        : model !== policyModel
          ? "explored"
          : random() < 0.07
            ? "best_on_average"
            : "highest_p_correct",
      bundle: (isCanary ? "c" : "a").repeat(64),
      role: isCanary ? "canary" : "live",
      key_name: random() < 0.5 ? "app" : null,
      path: "/v1/route",
      p_correct: random(),
      expected_usd: usd,
      familiarity: random(),
      cache_hit: random() < 0.3 ? 1 : 0,
      cheapest_usd: usd / 3,
      best_on_average_usd: usd * 2,
      shadow_bundle: isShadowed ? "d".repeat(64) : null,
      // Now and then the shadow finds no candidate.
      shadow_model: isShadowed && random() < 0.98 ? oneOf(models) : null,
      shadow_p_correct: isShadowed ? random() : null,
      shadow_usd: isShadowed ? random() / 100 : null,
      decision: i.toString(16).padStart(32, "0"),
      rule: JSON.stringify(i % 2 ? { kind: "quality" } : { kind: "tolerance", tolerance: 0.1 }),
      policy_model: policyModel,
      propensity: drawable.length < 2 ? 1 : 0.3 / drawable.length + (model === policyModel ? 0.7 : 0),
      candidates: JSON.stringify(candidates),
      cheapest_p: random(),
      best_on_average_model: oneOf(models),
      best_on_average_p: random(),
    };
  });
}

type LoggedRow = readonly [string, number, number, 1?];

/** Scores of every tenth decision; some are of a model that answered in another's place. */
function makeFeedback(all: readonly DecisionFacts[]): readonly FeedbackColumns[] {
  return all
    .filter((_, i) => i % 10 === 3)
    .map((row, i) => ({
      decision: row.decision as string,
      model: i % 25 === 0 ? "another-model" : row.model,
      score: ((i * 7) % 11) / 10,
      bundle: row.bundle.slice(0, 16),
      encoder: predictor.encoder.checksum.slice(0, 16),
      embedding: Buffer.from(
        Int8Array.from({ length: predictor.encoder.dimension }, (_, k) => ((i * 31 + k * k * 17) % 255) - 127)
          .buffer,
      ).toString("base64"),
      decided_at: row.decided_at,
      received_at: row.decided_at + 5,
      signal: i % 5 === 0 ? "edited" : null,
    }));
}

/** Signals on some of these answers; where a score was sent too, the two can be compared. */
function makeSignals(scores: readonly FeedbackColumns[]): readonly SignalColumns[] {
  return scores
    .filter((_, i) => i % 3 === 0)
    .map(({ decision, model, received_at }, i) => ({
      ...{ decision, model, received_at },
      ...(i % 4 === 0 ? { signal: "edited", score: 0.6 } : { signal: "accepted", score: 1 }),
    }));
}

interface SignalColumns {
  readonly decision: string;
  readonly model: string;
  readonly received_at: number;
  readonly signal: string;
  readonly score: number;
}

interface FeedbackColumns {
  readonly signal: string | null;
  readonly decision: string;
  readonly model: string;
  readonly score: number;
  readonly bundle: string;
  readonly encoder: string;
  readonly embedding: string;
  readonly decided_at: number;
  readonly received_at: number;
}

/** The statements that put these rows into a table. */
function insertsOf(table: string, rows: readonly object[], together: number): readonly string[] {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  const inserts: string[] = [];
  for (let start = 0; start < rows.length; start += together) {
    const values = rows
      .slice(start, start + together)
      .map((row) => `(${Object.values(row).map(literal).join(", ")})`);
    inserts.push(`INSERT INTO ${table} (${columns}) VALUES ${values.join(", ")};`);
  }
  return inserts;
}

function literal(value: string | number | null): string {
  return typeof value === "string" ? `'${value}'` : String(value ?? "NULL");
}

function report(...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const full = ["src/cli/main.ts", "report", "--state", folder, ...args];
    execFile(process.execPath, full, { cwd: root }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr)),
    );
  });
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
const near = (value: number) => expect.closeTo(value, 9);

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
  const rows = all.filter(({ decided_at }) => decided_at >= now - 7 * DAY_SECONDS);
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

/** Each decision that was a choice, with the score of its model's answer. */
function joinGraded(all: readonly DecisionFacts[], scores: readonly FeedbackColumns[]) {
  const byDecision = new Map(all.map((row) => [row.decision, row]));
  return scores.flatMap(({ decision, model, score, embedding }) => {
    const row = byDecision.get(decision) as DecisionFacts;
    if (row.model !== model || row.reason === "kept_current") return [];
    return [
      { row, score, embedding, candidates: JSON.parse(row.candidates as string) as readonly LoggedRow[] },
    ];
  });
}

type Graded = ReturnType<typeof joinGraded>[number];

/** The formulas of docs/report.md, written down once more. */
function recount(graded: readonly Graded[], choiceOf: (one: Graded) => string) {
  const z = 1.959964;
  const n = graded.length;
  const logged = ({ candidates }: Graded, model: string) =>
    candidates.find(([name]) => name === model) as LoggedRow;
  const rows = graded.map((one) => {
    const choice = choiceOf(one);
    const [, p, usd, drawable] = logged(one, choice);
    const { policy_model, propensity } = one.row;
    const stratum = choice === policy_model ? "a" : drawable === 1 ? "d" : "u";
    const weight = one.row.model === choice ? 1 / (propensity as number) : 0;
    return { stratum, weight, score: one.score, p, usd };
  });
  type Row = (typeof rows)[number];
  const share = (stratum: string) => rows.filter((row) => row.stratum === stratum).length / n;
  const unknown = share("u");
  const stratified = (of: (row: Row) => number, pseudoOf: (own: readonly Row[]) => readonly number[]) =>
    Object.fromEntries(
      ["a", "d"].map((stratum) => {
        const every = rows.filter((row) => row.stratum === stratum);
        const own = every.filter(({ weight }) => weight > 0);
        const pseudo = every.length === 0 ? [0] : pseudoOf(every);
        const w = sum(own.map(({ weight }) => weight));
        const count = own.length === 0 ? 0 : w ** 2 / sum(own.map(({ weight }) => weight ** 2));
        const plain = own.length === 0 ? 0 : sum(own.map((row) => row.weight * of(row))) / w;
        // As if z squared more had been seen, half at each of two values.
        const total = count + z ** 2;
        const value = (count * plain + z ** 2 * mean(pseudo)) / total;
        const square = own.length === 0 ? 0 : sum(own.map((row) => row.weight * of(row) ** 2)) / w;
        const variance =
          ((count * square + z ** 2 * mean(pseudo.map((x) => x ** 2))) / total - value ** 2) / total;
        return [stratum, { plain, value, variance, shrunk: (count * plain) / total }];
      }),
    ) as Record<string, { plain: number; value: number; variance: number; shrunk: number }>;
  const spread = (values: readonly number[]) => mean(values.map((x) => (x - mean(values)) ** 2)) / n;
  const open = (strata: ReturnType<typeof stratified>) =>
    sum(["a", "d"].map((stratum) => share(stratum) ** 2 * (strata[stratum]?.variance ?? 0)));
  const around = (values: readonly number[], extra = 0) => {
    const half = z * Math.sqrt(spread(values) + extra);
    return { value: mean(values), low: mean(values) - half, high: mean(values) + half };
  };
  const byScore = stratified(
    ({ score }) => score,
    () => [0, 1],
  );
  const byError = stratified(
    ({ score, p }) => score - p,
    (own) => [0, 1].map((score) => score - mean(own.map(({ p }) => p))),
  );
  const measured = around(
    rows.map(({ stratum }) => byScore[stratum]?.value ?? 0),
    open(byScore),
  );
  const corrected = around(
    rows.map(({ stratum, p }) => p + (byError[stratum]?.value ?? 0)),
    open(byError),
  );
  const pOfUnknown = sum(rows.filter(({ stratum }) => stratum === "u").map(({ p }) => p)) / n;
  const plain = share("a") * (byScore["a"]?.plain ?? 0) + share("d") * (byScore["d"]?.plain ?? 0);
  const inside = (value: number) => near(Math.min(1, Math.max(0, value)));
  const all = ({ value, low, high }: ReturnType<typeof around>) => ({
    value: near(value),
    low: near(low),
    high: near(high),
  });
  return {
    direct: all(around(rows.map(({ p }) => p))),
    measured: {
      value: unknown === 0 ? near(plain) : null,
      low: inside(measured.low),
      high: inside(measured.high + unknown),
    },
    corrected: {
      value: inside(mean(rows.map(({ stratum, p }) => p + (byError[stratum]?.shrunk ?? 0)))),
      low: inside(corrected.low - pOfUnknown),
      high: inside(corrected.high + unknown - pOfUnknown),
    },
    usd: all(around(rows.map(({ usd }) => usd))),
    extrapolated_share: near(unknown),
    drawn_answers: rows.filter(({ stratum, weight }) => stratum === "d" && weight > 0).length,
  };
}

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
