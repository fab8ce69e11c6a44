import { beforeEach, expect, test, vi } from "vitest";
import { createDecisionSigner, type DecisionRecord } from "../../src/worker/records/decision-token.ts";
import { clientOf, type FreshWorker, startFreshWorker } from "../worker/fresh-worker.ts";
import { type Seed, seed } from "../worker/seed.ts";
import { makeTables, sql } from "./tables.ts";

const secret = "0123456789abcdef0123456789abcdef";
let live: Seed;
let worker: FreshWorker;

beforeEach(async () => {
  live = await seed();
  await makeTables();
  worker = startFreshWorker({ DECISION_SECRET: secret });
});

function send(body: object, to = worker) {
  return to.send("/v1/feedback", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const rows = () => sql("SELECT * FROM feedback");

test("feedback is kept once, with the embedding and without the prompt", async () => {
  const { body: decision, headers } = await worker.route({ prompt: "Who wrote Kalevala?" });
  expect(headers.get("x-signalbox-decision")).toBe(decision.id);
  expect(decision.id).toMatch(/^dec_[A-Za-z0-9_-]{1000,1300}$/);
  const first = await send({ decision: decision.id, score: 1, comment: "right" });
  expect([first.status, first.body]).toEqual([
    200,
    { object: "feedback", model: decision.model, duplicate: false },
  ]);
  expect((await send({ decision: decision.id, score: 1, comment: "right" })).body.duplicate).toBe(true);
  const kept = await rows();
  expect(kept).toEqual([
    {
      decision: expect.stringMatching(/^[0-9a-f]{32}$/),
      model: decision.model,
      score: 1,
      comment: "right",
      bundle: live.bundle.slice(0, 16),
      encoder: live.encoder.slice(0, 16),
      embedding: expect.stringMatching(/^[A-Za-z0-9+/]{1024}$/),
      decided_at: expect.any(Number),
      received_at: expect.any(Number),
      key_name: null,
      day: expect.any(Number),
      of_day: 1,
      signal: null,
    },
  ]);
  expect(JSON.stringify(kept)).not.toContain("Kalevala");
});

test("a comment with half a character is the same when it is sent again", async () => {
  const { body: decision } = await worker.route({ prompt: "Who wrote Kalevala?" });
  const feedback = { decision: decision.id, score: 1, comment: "cut \ud83d" };
  expect((await send(feedback)).body.duplicate).toBe(false);
  expect((await send(feedback)).body.duplicate).toBe(true);
});

test("the client sends feedback on its own decision, and repeats it safely", async () => {
  const signalbox = clientOf(worker);
  const { id, model } = await signalbox.route({ prompt: "Who wrote Kalevala?" });
  expect(await signalbox.feedback({ decision: id, score: 1 })).toMatchObject({ model, duplicate: false });
  expect(await signalbox.feedback({ decision: id, score: 1 })).toMatchObject({ model, duplicate: true });
  await expect(signalbox.feedback({ decision: "dec_forged", score: 1 })).rejects.toMatchObject({
    code: "decision_invalid",
  });
  const task = await signalbox.routeTask([{ prompt: "What is 2 + 2?" }, { prompt: "What is 3 * 3?" }]);
  expect(task.ranking[0]?.model).toBe(task.model);
});

test("twenty at once count once", async () => {
  const { id } = (await worker.route()).body;
  const answers = await Promise.all(Array.from({ length: 20 }, () => send({ decision: id, score: 0.5 })));
  expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(200));
  expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  expect(await rows()).toHaveLength(1);
});

test("a key leaves so many rows a day, and what was sent before is still a duplicate", async () => {
  const bounded = startFreshWorker({ DECISION_SECRET: secret, FEEDBACK_PER_DAY: "2" });
  const ids = [];
  for (let k = 0; k < 3; k++) ids.push((await bounded.route()).body.id);
  const sent = [];
  for (const decision of ids) sent.push(await send({ decision, score: 1 }, bounded));
  expect(sent.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(sent[2]?.body.error).toMatchObject({
    code: "rate_limited",
    message: expect.stringMatching(/DAY: 2/),
  });
  expect((await send({ decision: ids[0], score: 1 }, bounded)).body.duplicate).toBe(true);
  expect((await rows()).map(({ of_day }) => of_day)).toEqual([1, 2]);
  // The day before counts for itself.
  await sql("UPDATE feedback SET day = day - 1");
  expect((await send({ decision: ids[2], score: 1 }, bounded)).status).toBe(200);
});

test("another model that answered is scored by its own name or alias; an unknown one is refused", async () => {
  const { id, ranking } = (await worker.route()).body;
  const other = ranking.at(-1).model;
  expect((await send({ decision: id, score: 1 })).body.duplicate).toBe(false);
  expect((await send({ decision: id, score: 0, model: other })).body).toMatchObject({
    model: other,
    duplicate: false,
  });
  expect((await send({ decision: id, score: 0, model: "nobody" })).body.error).toMatchObject({
    code: "unknown_model",
    param: "model",
  });
  expect(await rows()).toHaveLength(2);
});

test("a decision is scored for no more models than can have answered it", async () => {
  const { id, ranking } = (await worker.route()).body;
  const models = ranking.slice(0, 6).map(({ model }: { model: string }) => model);
  const answers = [];
  for (const model of models) answers.push(await send({ decision: id, score: 1, model }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 409, 409, 409]);
  expect(answers[3]?.body.error).toMatchObject({ code: "decision_replayed", param: "model" });
  expect((await send({ decision: id, score: 1, model: models[0] })).body.duplicate).toBe(true);
  expect(await rows()).toHaveLength(3);
});

test("a replay with another score is refused, and changes nothing", async () => {
  const { id } = (await worker.route()).body;
  await send({ decision: id, score: 1 });
  const replayed = await send({ decision: id, score: 0 });
  expect([replayed.status, replayed.body.error.code]).toEqual([409, "decision_replayed"]);
  expect((await rows()).map(({ score }) => score)).toEqual([1]);
});

test("an id whose any part was changed is refused, and one of another secret", async () => {
  const { id } = (await worker.route()).body;
  for (const at of [4, 12, 40, 60, 200, 900, id.length - 3]) {
    const forged = id.slice(0, at) + (id[at] === "A" ? "B" : "A") + id.slice(at + 1);
    const { status, body } = await send({ decision: forged, score: 1 });
    expect([status, body.error.code]).toEqual([400, "decision_invalid"]);
  }
  for (const wrong of [
    "",
    "dec_",
    "dec_AAAA",
    `${id}x`,
    id.slice(0, -5),
    `dec_${"A".repeat(1100)}`,
    "dec_é",
  ]) {
    expect((await send({ decision: wrong, score: 1 })).body.error.code).toBe("decision_invalid");
  }
  const foreign = startFreshWorker({ DECISION_SECRET: "f".repeat(32) });
  expect((await send({ decision: id, score: 1 }, foreign)).body.error.code).toBe("decision_invalid");
  expect(await rows()).toEqual([]);
});

test("a new secret may stand before the old one", async () => {
  const { id } = (await worker.route()).body;
  const rotated = startFreshWorker({ DECISION_SECRET: `${"n".repeat(32)},${secret}` });
  expect((await send({ decision: id, score: 1 }, rotated)).status).toBe(200);
});

test("an expired decision is refused", async () => {
  const record: DecisionRecord = {
    number: "ab".repeat(16),
    decidedAt: new Date(Date.now() - 31 * 24 * 3600_000),
    bundle: live.bundle.slice(0, 16),
    encoder: live.encoder.slice(0, 16),
    model: "gpt-5.4",
    embedding: new Int8Array(768).fill(3),
  };
  const signer = createDecisionSigner([secret], 1000);
  const old = await send({ decision: await signer.sign(record, ""), score: 1 });
  expect([old.status, old.body.error.code]).toEqual([410, "decision_expired"]);
  const patient = startFreshWorker({ DECISION_SECRET: secret, FEEDBACK_MAX_AGE_DAYS: "60" });
  expect((await send({ decision: await signer.sign(record, ""), score: 1 }, patient)).status).toBe(200);
  const read = await signer.read(await signer.sign(record, ""), record.decidedAt, "");
  expect(read.ok && { ...read.value, decidedAt: 0 }).toEqual({ ...record, decidedAt: 0 });
});

test("a decision of tomorrow is none, and a clock that is an hour off does no harm", async () => {
  const { id } = (await worker.route()).body;
  const signer = createDecisionSigner([secret], 1000);
  const hours = (count: number) => new Date(Date.now() - count * 3600_000);
  expect(await signer.read(id, hours(25), "")).toMatchObject({ failure: { code: "decision_invalid" } });
  expect(await signer.read(id, hours(1), "")).toMatchObject({ ok: true });
});

test.each([
  ["no decision", { score: 1 }, "decision"],
  ["a score above 1", { decision: "x", score: 1.5 }, "score"],
  ["a score in words", { decision: "x", score: "good" }, "score"],
  ["a long comment", { decision: "x", score: 1, comment: "a".repeat(1001) }, "comment"],
  ["an unknown field", { decision: "x", score: 1, prompt: "no" }, "prompt"],
])("%s is refused", async (_, body, param) => {
  expect((await send(body)).body.error).toMatchObject({ code: "invalid_request", param });
});

test("without secret or database feedback says so, and decisions go on", async () => {
  const plain = startFreshWorker();
  const { id } = (await plain.route()).body;
  expect(id).toMatch(/^dec_[0-9a-f]{32}$/);
  const refused = await send({ decision: id, score: 1 }, plain);
  expect([refused.status, refused.body.error.code]).toEqual([503, "feedback_unavailable"]);
  expect((await send({ decision: id, score: 1 })).body.error.code).toBe("decision_unsigned");
  const without = startFreshWorker({ DECISION_SECRET: secret, DB: undefined });
  const signed = (await without.route()).body.id;
  expect((await send({ decision: signed, score: 1 }, without)).body.error.code).toBe("feedback_unavailable");
});

test("a database that fails answers 503, with nothing of the request in the log", async () => {
  const { id } = (await worker.route()).body;
  await sql("DROP TABLE feedback");
  const log = vi.spyOn(console, "log");
  const { status, body } = await send({ decision: id, score: 1, comment: "private" });
  const logged = JSON.stringify(log.mock.calls);
  log.mockRestore();
  expect(logged).toContain("feedback_not_stored");
  expect(logged).not.toMatch(/private|dec_/);
  expect([status, body.error.code]).toEqual([503, "feedback_not_stored"]);
});

test("a short secret is a misconfiguration", async () => {
  const { status, body } = await startFreshWorker({ DECISION_SECRET: "short" }).route();
  expect([status, body.error.code, body.error.param]).toEqual([503, "misconfigured", "DECISION_SECRET"]);
});
