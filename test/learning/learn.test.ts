import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { kvKeys } from "../../src/contract/pointer.ts";
import { learnedOf } from "../../src/core/learned.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import type { LearningOutcome } from "../../src/learning/run-learning.ts";
import { row } from "../../src/numerics/matrix.ts";
import { type Dataset, dropEmptyTasks, takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { openWorld, predictorOf, type World } from "./world.ts";

const file = fileURLToPath(new URL("../../models/benchmarks/llmrouter.safetensors", import.meta.url));
let dataset: Dataset;
let bundle: Uint8Array;
/** Prompts of a task that the bundle has not seen. */
let unseen: readonly number[];

beforeAll(async () => {
  const benchmark = unwrap(readBenchmark(await readFile(file)));
  dataset = benchmark.dataset;
  const taskIs = (i: number, name: string) => dataset.tasks[dataset.taskOf[i] as number] === name;
  const prompts = Int32Array.from(dataset.ids, (_, i) => i);
  const seen = prompts.filter((i) => i % 4 === 0 && (taskIs(i, "gpqa") || taskIs(i, "trivia_qa")));
  const encoder = { ...benchmark.header.encoder, dimension: dataset.embeddings.columns };
  const train = dropEmptyTasks(takePrompts(dataset, seen));
  bundle = unwrap(await fitRouter(train, encoder, { kind: "landmark-heads", seed: 0 }));
  unseen = [...prompts.filter((i) => taskIs(i, "gsm8k"))];
});

/** One grade a prompt, for one of three models in turn. */
function gradeFrom(world: World, from: number, count: number, more: object = {}): void {
  const { models } = predictorOf(bundle);
  for (let k = from; k < from + count; k++) {
    const prompt = unseen[k % unseen.length] as number;
    const column = k % 3;
    const score = dataset.outcomes.data[prompt * dataset.outcomes.columns + column] as number;
    const embedding = row(dataset.embeddings, prompt) as Float32Array;
    world.grade({ model: models[column] as string, score, embedding, at: k, ...more });
  }
}

const runsOf = (world: World) => world.rows("SELECT stage, cut, until, bundle FROM learning_runs");

test("grades of traffic that the bundle doesn't know make a bundle that knows it better", async () => {
  const world = await openWorld(bundle);
  gradeFrom(world, 0, 200);
  const outcome = await world.learn();
  expect(outcome).toMatchObject({ kind: "published", figures: { judgment: { grades: 40 } } });
  const { bundle: learned, figures } = outcome as Extract<LearningOutcome, { readonly bundle: string }>;
  const { log_loss, value } = figures.judgment as NonNullable<typeof figures.judgment>;
  expect(log_loss.learned).toBeLessThan(log_loss.live);
  expect(value.learned).toBeGreaterThanOrEqual(value.live);
  expect(world.pointer()).toMatchObject({
    bundle: learned,
    base: world.sha256,
    previous: [{ bundle: world.sha256 }],
  });
  expect(learnedOf(world.live().header)?.base).toBe(world.sha256);
  // On prompts that were neither learned from nor judged by.
  const errorOf = (bytes: Uint8Array) => {
    const predictor = predictorOf(bytes);
    let squares = 0;
    for (const prompt of unseen.slice(200)) {
      const { pCorrect } = predictor.predict(row(dataset.embeddings, prompt) as Float32Array);
      for (let m = 0; m < 3; m++) {
        const score = dataset.outcomes.data[prompt * dataset.outcomes.columns + m] as number;
        squares += (score - (pCorrect[m] as number)) ** 2;
      }
    }
    return squares;
  };
  expect(errorOf(world.kv.get(kvKeys.bundle(learned)) as Uint8Array)).toBeLessThan(0.9 * errorOf(bundle));
});

test("however many runs it takes, the bytes are the same", async () => {
  const [whole, parts] = [await openWorld(bundle), await openWorld(bundle)];
  for (const world of [whole, parts]) gradeFrom(world, 0, 200);
  const { bundle: expected } = (await whole.learn()) as { readonly bundle: string };
  const kinds: string[] = [];
  for (;;) {
    const outcome = await parts.learn({ mostRows: 30 });
    kinds.push(outcome.kind);
    if (outcome.kind !== "continues") break;
  }
  expect(kinds).toEqual([...Array(5).fill("continues"), "published"]);
  expect(parts.pointer().bundle).toBe(expected);
  expect(runsOf(parts)).toMatchObject([{ stage: "published", cut: 160, until: 200, bundle: expected }]);
});

test("killed before or after anything that it writes, the next run ends the work once", async () => {
  const whole = await openWorld(bundle);
  gradeFrom(whole, 0, 120);
  await whole.learn();
  const expected = whole.pointer().bundle;
  let died = true;
  for (let steps = 1; died; steps++) {
    for (const isDone of [false, true]) {
      const world = await openWorld(bundle);
      gradeFrom(world, 0, 120);
      died = await dies(world, steps, isDone);
      // More comes before the next run: once a run has begun, it is the one's after that.
      const [begun] = runsOf(world);
      gradeFrom(world, 120, begun === undefined ? 0 : 10);
      const hour = 3600;
      const next = await world.learn({}, hour);
      const pointer = world.pointer();
      expect([pointer.bundle, pointer.previous.length, steps]).toEqual([expected, 1, steps]);
      expect(runsOf(world).filter(({ stage }) => stage === "published")).toMatchObject([
        { cut: 96, until: 120 },
      ]);
      expect(["published", "waiting"]).toContain(next.kind);
      gradeFrom(world, 130, 20);
      await world.learn({}, 2 * hour);
      expect(world.rows("SELECT MAX(until) AS until, COUNT(*) AS runs FROM learning_runs")).toMatchObject([
        { until: begun === undefined ? 140 : 150, runs: 2 },
      ]);
      world.tables.sqlite.close();
    }
  }
});

/** A run that ends, as if the power had gone, at its n-th write. @returns false where it has fewer */
async function dies(world: World, steps: number, isDone: boolean): Promise<boolean> {
  let left = steps;
  const count = async <T>(work: () => Promise<T>): Promise<T> => {
    if (left <= 0) throw new Error("no power");
    if (left-- > 1) return work();
    if (isDone) await work();
    throw new Error("no power");
  };
  const { tables, storage } = world;
  const isWrite = (sql: string) => !sql.startsWith("SELECT");
  const kept = { prepare: tables.prepare, batch: tables.batch, put: storage.put };
  const prepare: typeof tables.prepare = (sql) => {
    const bound = (statement: ReturnType<typeof kept.prepare>): typeof statement => ({
      ...statement,
      bind: (...values) => bound(statement.bind(...values)),
      run: () => (isWrite(sql) ? count(statement.run) : statement.run()),
    });
    return bound(kept.prepare(sql));
  };
  Object.assign(tables, {
    prepare,
    batch: (all: Parameters<typeof kept.batch>[0]) => count(() => kept.batch(all)),
  });
  Object.assign(storage, { put: (key: string, bytes: Uint8Array) => count(() => kept.put(key, bytes)) });
  const died = await world.learn().then(
    () => false,
    (error: Error) => error.message === "no power",
  );
  Object.assign(tables, { prepare: kept.prepare, batch: kept.batch });
  Object.assign(storage, { put: kept.put });
  return died;
}

test("of two at a time one learns; who was taken for dead publishes nothing", async () => {
  const world = await openWorld(bundle);
  gradeFrom(world, 0, 120);
  const hour = 3600;
  const kept = world.storage.put;
  const outcomes: LearningOutcome[] = [];
  Object.assign(world.storage, {
    put: async (key: string, bytes: Uint8Array) => {
      Object.assign(world.storage, { put: kept });
      outcomes.push(await world.learn());
      // The lease has run out, and another run takes over between what this one has stored and the pointer.
      outcomes.push(await world.learn({}, hour));
      await kept(key, bytes);
    },
  });
  outcomes.push(await world.learn());
  expect(outcomes.map(({ kind }) => kind)).toEqual(["busy", "published", "busy"]);
  expect(world.pointer().previous).toHaveLength(1);
  expect(runsOf(world)).toMatchObject([{ stage: "published" }]);
});

test("of one key no more counts in a day than it may, and nothing of another encoder", async () => {
  const world = await openWorld(bundle);
  gradeFrom(world, 0, 60, { key: "loud", at: 0 });
  gradeFrom(world, 60, 30, { key: "other", at: 0 });
  gradeFrom(world, 90, 50, { key: "old", at: 0, encoder: "f".repeat(64) });
  const options = { perKey: 10, minFeedback: 21 };
  expect(await world.learn(options)).toEqual({ kind: "waiting", grades: 20, needed: 21 });
});
