import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { kvKeys } from "../../src/contract/pointer.ts";
import { post } from "./client.ts";
import { type Seed, seed } from "./seed.ts";

let live: Seed;
beforeAll(async () => {
  live = await seed();
  profile.bundle = live.bundle;
});

const profile = {
  format_version: 1,
  name: "sums",
  bundle: "",
  model: "gpt-4o-mini",
  prompts: 3,
  labelled: 40,
  scores: { "gpt-4o-mini": { s1: 0, s2: 0, posterior: 1, labels: 40 } },
};

const prompts = [
  { prompt: "A shop sells pens at 3 for 2 dollars. How much are 12 pens?" },
  { prompt: "If x + 3 = 10, what is x?" },
  { prompt: "The sum of two numbers is 20 and their difference is 4. Find them." },
];

describe("POST /v1/route/task", () => {
  it("scores every model and recommends the best by the posterior", async () => {
    const { status, body } = await post("/v1/route/task", { prompts });
    expect(status).toBe(200);
    expect(body.ranking).toHaveLength(62);
    expect(body.model).toBe(body.ranking[0].model);
    for (const { s1, s2, s3, posterior, labels } of body.ranking) {
      expect(posterior).toBeCloseTo(s1, 10);
      expect([0, 1 / 3, 2 / 3, 1].some((share) => Math.abs(share - s2) < 1e-9)).toBe(true);
      expect([s3, labels]).toEqual([null, 0]);
    }
  });

  it("moves with the labels", async () => {
    const before = await post("/v1/route/task", { prompts });
    const second = before.body.ranking[1].model;
    const labelled = Array.from({ length: 30 }, (_, k) => ({
      prompt: `${prompts[k % 3]?.prompt} (${k})`,
      outcomes: { [before.body.model]: 0, [second]: 1 },
    }));
    const after = await post("/v1/route/task", { prompts: labelled });
    expect(after.body).toMatchObject({ model: second, reason: "posterior", labelled: 30 });
    const of = (model: string) => after.body.ranking.find((row: { model: string }) => row.model === model);
    expect(of(second).posterior).toBeCloseTo((20 * of(second).s1 + 30) / 50, 6);
    expect(of(before.body.model).posterior).toBeCloseTo((20 * of(before.body.model).s1) / 50, 6);
  });

  it.each([
    [{ prompts: [] }, "invalid_request"],
    [{ prompts: [{ prompt: "" }] }, "invalid_request"],
    [{ prompts: [{ prompt: "x", outcomes: { "gpt-5.4": 2 } }] }, "invalid_request"],
    [{ prompts: [{ prompt: "x", outcomes: { "no-such-model": 1 } }] }, "unknown_model"],
  ])("refuses %j", async (request, code) => {
    const { status, body } = await post("/v1/route/task", request);
    expect([status, body.error.code]).toEqual([400, code]);
  });
});

describe("a request that names a task", () => {
  it("is decided with the task's profile", async () => {
    await env.SIGNALBOX.put(kvKeys.task("sums"), JSON.stringify(profile));
    const plain = await post("/v1/route", { prompt: prompts[0]?.prompt });
    const { body } = await post("/v1/route", { prompt: prompts[0]?.prompt, task: "sums" });
    expect(plain.body.model).not.toBe("gpt-4o-mini");
    expect(body).toMatchObject({ model: "gpt-4o-mini", reason: "task_profile" });
  });

  it("is decided without a profile that another bundle's errors made", async () => {
    const stale = { ...profile, name: "stale", bundle: "f".repeat(64) };
    await env.SIGNALBOX.put(kvKeys.task("stale"), JSON.stringify(stale));
    const plain = await post("/v1/route", { prompt: prompts[0]?.prompt });
    const { body } = await post("/v1/route", { prompt: prompts[0]?.prompt, task: "stale" });
    expect([body.model, body.p_correct]).toEqual([plain.body.model, plain.body.p_correct]);
    expect(body.reason).toBe(plain.body.reason);
  });

  it("refuses the profile of another task under its name", async () => {
    await env.SIGNALBOX.put(kvKeys.task("other"), JSON.stringify(profile));
    const { status, body } = await post("/v1/route", { prompt: "x", task: "other" });
    expect([status, body.error.code]).toEqual([503, "task_profile_invalid"]);
  });

  it("gets an error where the profile is missing or damaged", async () => {
    const missing = await post("/v1/route", { prompt: "x", task: "nothing" });
    expect([missing.status, missing.body.error.code]).toEqual([400, "unknown_task"]);
    await env.SIGNALBOX.put(kvKeys.task("broken"), "{");
    const broken = await post("/v1/route", { prompt: "x", task: "broken" });
    expect([broken.status, broken.body.error.code]).toEqual([503, "task_profile_invalid"]);
  });
});
