import { beforeEach, expect, test } from "vitest";
import { clientOf, type FreshWorker, startFreshWorker } from "../worker/fresh-worker.ts";
import { seed } from "../worker/seed.ts";
import { makeTables, sql } from "./tables.ts";

const variables = {
  DECISION_SECRET: "0123456789abcdef0123456789abcdef",
  SIGNALS: "accepted=1, edited=.6 tests_passed=0.9 tool_call_failed=0",
};
let worker: FreshWorker;

beforeEach(async () => {
  await seed();
  await makeTables();
  worker = startFreshWorker(variables);
});

function post(path: string, body: object, to = worker) {
  return to.send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
const signal = (decision: string, name: string, to = worker) =>
  post("/v1/signal", { decision, signal: name }, to);
const scores = () => sql("SELECT score, signal, comment FROM feedback ORDER BY rowid");

test("a signal stands for a score, once; of several the lowest", async () => {
  const { id, model } = (await worker.route({ prompt: "Who wrote Kalevala?" })).body;
  const first = await signal(id, "accepted");
  expect([first.status, first.body]).toEqual([200, { object: "signal", model, score: 1, duplicate: false }]);
  expect((await signal(id, "accepted")).body.duplicate).toBe(true);
  expect(await scores()).toEqual([{ score: 1, signal: "accepted", comment: null }]);
  await signal(id, "edited");
  await signal(id, "tests_passed");
  expect(await scores()).toEqual([{ score: 0.6, signal: "edited", comment: null }]);
  const kept = await sql("SELECT * FROM signals ORDER BY signal");
  expect(kept.map(({ signal: name, score }) => [name, score])).toEqual([
    ["accepted", 1],
    ["edited", 0.6],
    ["tests_passed", 0.9],
  ]);
  const [whole] = await sql("SELECT * FROM feedback");
  expect(whole).toMatchObject({
    model,
    embedding: expect.stringMatching(/^[A-Za-z0-9+/]{1024}$/),
    of_day: 1,
  });
  expect(JSON.stringify([kept, whole])).not.toContain("Kalevala");
});

test("a person's score takes a signal's place, and keeps it", async () => {
  const { id } = (await worker.route()).body;
  await signal(id, "tool_call_failed");
  const graded = { decision: id, score: 0.8, comment: "fine" };
  expect((await post("/v1/feedback", graded)).body.duplicate).toBe(false);
  expect((await post("/v1/feedback", graded)).body.duplicate).toBe(true);
  expect((await post("/v1/feedback", { ...graded, score: 1 })).body.error.code).toBe("decision_replayed");
  await signal(id, "edited");
  expect(await scores()).toEqual([{ score: 0.8, signal: null, comment: "fine" }]);
  expect(await sql("SELECT COUNT(*) AS signals FROM signals")).toEqual([{ signals: 2 }]);
});

test("twenty at once count once", async () => {
  const { id } = (await worker.route()).body;
  const answers = await Promise.all(Array.from({ length: 20 }, () => signal(id, "accepted")));
  expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(200));
  expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1);
  expect(await scores()).toHaveLength(1);
});

test("a signal without a score is answered, and not kept; without any there are no signals", async () => {
  const { id, model } = (await worker.route()).body;
  expect((await signal(id, "regenerated")).body).toEqual({
    object: "signal",
    model,
    score: null,
    duplicate: false,
  });
  expect(await sql("SELECT * FROM signals")).toEqual([]);
  expect(await scores()).toEqual([]);
  const without = startFreshWorker({ ...variables, SIGNALS: "" });
  const refused = await signal(id, "accepted", without);
  expect([refused.status, refused.body.error.code]).toEqual([503, "feedback_unavailable"]);
  expect(refused.body.error.message).toContain("SIGNALS");
});

test("an unknown signal, a forged decision and an unknown model are refused", async () => {
  const { id } = (await worker.route()).body;
  for (const [fields, status, code] of [
    [{ signal: "smiled" }, 400, "invalid_request"],
    [{ decision: "dec_forged" }, 400, "decision_invalid"],
    [{ model: "nobody" }, 400, "unknown_model"],
  ] as const) {
    const answer = await post("/v1/signal", { decision: id, signal: "accepted", ...fields });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  }
  expect(await sql("SELECT * FROM signals")).toEqual([]);
});

test("signals count as feedback where a key's day is bounded, and as models that were scored", async () => {
  const bounded = startFreshWorker({ ...variables, FEEDBACK_PER_DAY: "1", MAX_ATTEMPTS: "1" });
  const { id, ranking } = (await bounded.route()).body;
  expect((await signal(id, "accepted", bounded)).status).toBe(200);
  // The row is there: another signal on it is no further one.
  expect((await signal(id, "edited", bounded)).status).toBe(200);
  const other = { decision: id, signal: "accepted", model: ranking[1].model };
  expect((await post("/v1/signal", other, bounded)).body.error.code).toBe("decision_replayed");
  const next = (await bounded.route({ prompt: "Who wrote Kalevala?" })).body.id;
  expect((await signal(next, "accepted", bounded)).body.error.code).toBe("rate_limited");
  expect(await sql("SELECT COUNT(*) AS signals FROM signals")).toEqual([{ signals: 2 }]);
});

test("the client sends signals on its own decisions", async () => {
  const signalbox = clientOf(worker);
  const { id, model } = await signalbox.route({ prompt: "Who wrote Kalevala?" });
  expect(await signalbox.signal({ decision: id, signal: "edited" })).toEqual({
    object: "signal",
    model,
    score: 0.6,
    duplicate: false,
  });
});
