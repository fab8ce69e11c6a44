import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runWrangler } from "../../src/cli/run-wrangler.ts";
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
  Promise.all([folder, `${folder}-empty`].map((each) => rm(each, { recursive: true, force: true }))),
);

/** 10,000 decisions of ten days, the same in every run. */
function makeRows(now: number): readonly DecisionFacts[] {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const models = ["a", "b", "c"];
  return Array.from({ length: 10_000 }, () => {
    const isCanary = random() < 0.1;
    const isShadowed = !isCanary && random() < 0.5;
    const usd = random() / 100;
    return {
      decided_at: now - Math.floor(random() * 10 * DAY_SECONDS) - 60,
      model: models[Math.floor(random() * 3)] as string,
      reason: random() < 0.07 ? "best_on_average" : "highest_p_correct",
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
      shadow_model: isShadowed && random() < 0.98 ? (models[Math.floor(random() * 3)] as string) : null,
      shadow_p_correct: isShadowed ? random() : null,
      shadow_usd: isShadowed ? random() / 100 : null,
    };
  });
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
  const columns = Object.keys(all[0] as DecisionFacts);
  const inserts: string[] = [];
  for (let start = 0; start < all.length; start += 200) {
    const values = all
      .slice(start, start + 200)
      .map((row) => `(${Object.values(row).map(literal).join(", ")})`);
    inserts.push(`INSERT INTO decisions (${columns.join(", ")}) VALUES ${values.join(", ")};`);
  }
  const file = join(folder, "rows.sql");
  await writeFile(file, inserts.join("\n"));
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
    share_unfamiliar: near(all.filter(({ reason }) => reason === "best_on_average").length / 10_000),
    share_cache_hits: near(mean(all.map(({ cache_hit }) => cache_hit))),
    feedback: [],
    database: { bytes: null, feedback_rows: 0, decision_rows: 10_000 },
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
      different: shadowed.filter((row) => row.shadow_model !== row.model).length,
      mean_p_correct: near(mean(shadowed.map((row) => row.shadow_p_correct as number))),
      mean_usd: near(mean(shadowed.map((row) => row.shadow_usd as number))),
    },
  ]);
  expect(await report("--days", "30")).toMatch(/^10000 decisions in the last 30 days\n/);
});
