import { kvKeys, learnedPointer, type Pointer, parsePointer } from "../contract/pointer.ts";
import { loadPredictor } from "../core/bundle.ts";
import type { LandmarkPredictor } from "../core/landmark-predictor.ts";
import { learnedOf } from "../core/learned.ts";
import { checksumOf } from "../encoder/files.ts";
import { createJudge, type Judgment, objection } from "./judge.ts";
import { createLearner, type Learned, type Learner } from "./learner.ts";
import type { LearningDatabase, LearningStorage } from "./ports.ts";
import {
  type Counting,
  type GradeRow,
  type LearningState,
  LeaseLost,
  learningState,
  type Run,
} from "./state.ts";

/** How what was learned is to be published, and what of the feedback counts. */
export interface LearningOptions {
  readonly role: { readonly kind: "live" } | { readonly kind: "canary"; readonly percent: number };
  /** New grades without which there is no run. */
  readonly minFeedback: number;
  /** Grades of one API key that count in a day. */
  readonly perKey: number;
  /** Grades that are added up before the run is left to the next one. */
  readonly mostRows: number;
  /** Everything is computed and nothing written. */
  readonly dryRun?: boolean;
}

export interface LearningSurroundings {
  readonly database: LearningDatabase;
  readonly storage: LearningStorage;
  /** Different for each run. */
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What came of one run. */
export type LearningOutcome =
  | { readonly kind: "busy" }
  | { readonly kind: "unsuitable"; readonly reason: string }
  | { readonly kind: "waiting"; readonly grades: number; readonly needed: number }
  /** There is more than one run may do; the next one goes on. */
  | { readonly kind: "continues"; readonly learned: number; readonly cut: number }
  | { readonly kind: "declined"; readonly reason: string; readonly figures: Figures }
  | {
      readonly kind: "published" | "would_publish";
      readonly bundle: string;
      readonly figures: Figures;
    };

/** What is kept of each attempt. */
export interface Figures {
  readonly judgment?: Judgment;
  readonly models: Learned["models"];
}

const PAGE_ROWS = 500;
/** Rows after which what was added up is kept: whoever is killed loses no more. */
const CHECKPOINT_ROWS = 5000;
/** The newest of the new grades are what is judged by. */
const HELD_OUT_SHARE = 0.2;
/** More of them take time and say nothing more. */
const MOST_HELD_OUT = 5000;

/**
 * Learns from the feedback that has come since the last run, and publishes what is better on the newest of it. One at a
 * time; killed anywhere, the next run ends what this one began, with the same bytes.
 */
export async function runLearning(
  { database, storage, holder, now }: LearningSurroundings,
  options: LearningOptions,
): Promise<LearningOutcome> {
  const started = await readLive(storage);
  if (!started.ok) return { kind: "unsuitable", reason: started.reason };
  const state = learningState(database, holder, now);
  if (options.dryRun) return learn(started, state, storage, options, now);
  if (!(await state.acquire(started.base.sha256))) return { kind: "busy" };
  try {
    return await learn(started, state, storage, options, now);
  } catch (error) {
    if (error instanceof LeaseLost) return { kind: "busy" };
    throw error;
  } finally {
    await state.release();
  }
}

interface Stored {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

interface Live {
  readonly ok: true;
  readonly pointer: Pointer;
  readonly live: Stored;
  /** What grades are held against: the live bundle, or what the live one was learned from. */
  readonly base: Stored;
}

async function readLive(
  storage: LearningStorage,
): Promise<Live | { readonly ok: false; readonly reason: string }> {
  const stored = await storage.get(kvKeys.active);
  if (stored === undefined) return { ok: false, reason: "nothing was published yet" };
  const pointer = parsePointer(stored);
  if (!pointer.ok) return { ok: false, reason: `the pointer is invalid: ${pointer.failure.message}` };
  const sha256 = pointer.value.bundle;
  const live = await readBundle(storage, sha256);
  if (live === undefined) return { ok: false, reason: `KV has no readable ${kvKeys.bundle(sha256)}` };
  const predictor = loadPredictor(live.bytes);
  if (!predictor.ok) return { ok: false, reason: predictor.failure.message };
  if (predictor.value.kind !== "landmark-heads") {
    return { ok: false, reason: "only a landmark-heads bundle can learn from feedback" };
  }
  const learned = learnedOf(predictor.value.header);
  const base = learned === undefined ? live : await readBundle(storage, learned.base);
  if (base === undefined) {
    return { ok: false, reason: "KV no longer has the bundle that the live one was learned from" };
  }
  return { ok: true, pointer: pointer.value, live, base };
}

async function readBundle(storage: LearningStorage, sha256: string): Promise<Stored | undefined> {
  const bytes = await storage.get(kvKeys.bundle(sha256));
  return bytes !== undefined && (await checksumOf(bytes)) === sha256 ? { sha256, bytes } : undefined;
}

async function learn(
  { pointer, live, base }: Live,
  state: LearningState,
  storage: LearningStorage,
  options: LearningOptions,
  now: () => number,
): Promise<LearningOutcome> {
  const { dryRun = false, role } = options;
  const counting: Counting = { encoder: pointer.encoder.slice(0, 16), perKey: options.perKey };
  if (pointer.canary !== undefined && !(await state.wasLearned(pointer.canary.bundle))) {
    return {
      kind: "unsuitable",
      reason: "a canary is running that was not learned; promote it or roll it back",
    };
  }
  const before = await state.standing();
  const isNew = before?.base !== base.sha256;
  if (isNew && !dryRun) await state.startOver(base.sha256);
  const last = await state.lastRow();
  const isRenumbered = !isNew && last < before.learned;
  if (isRenumbered && !dryRun) await state.renumber();
  const from = isNew || isRenumbered ? { learned: 0, published: 0, judged: 0 } : before;

  const known = isNew ? undefined : await state.openRun();
  let run = known;
  if (run === undefined) {
    const grades = await state.count(counting, from.judged, last);
    if (grades < options.minFeedback) return { kind: "waiting", grades, needed: options.minFeedback };
    const fresh = await state.count(counting, from.published, last);
    const heldOut = Math.min(Math.ceil(fresh * HELD_OUT_SHARE), MOST_HELD_OUT);
    if (fresh <= heldOut) return { kind: "waiting", grades: fresh, needed: heldOut + 1 };
    const cut = Math.max(from.learned, await state.rowAt(counting, from.published, fresh - heldOut - 1));
    if (!dryRun) await state.begin(base.sha256, cut, last);
    run = dryRun ? { id: 0, startedAt: Math.floor(now() / 1000), cut, until: last } : await state.openRun();
  }
  if (run === undefined) throw new LeaseLost();

  const learner = createLearner(base.bytes, base.sha256, isNew ? new Map() : await state.evidence());
  const learned = await addUp(learner, state, counting, from.learned, run, options);
  if (learned < run.cut) return { kind: "continues", learned, cut: run.cut };

  const candidate = learner.learned(await state.lengths(run.startedAt));
  const sha256 = await checksumOf(candidate.bundle);
  const judgment = await judge(learner, live, candidate, state, counting, run);
  const figures: Figures = { ...(judgment && { judgment }), models: candidate.models };
  const reason = whyNot(candidate, judgment);
  const isThere = pointer.bundle === sha256 || pointer.canary?.bundle === sha256;
  // One that is there already was judged before it was: the run before was killed after it had moved the pointer.
  if (reason !== undefined && !isThere) {
    if (!dryRun) await state.end(run, "declined", { bundle: sha256, reason, figures });
    return { kind: "declined", reason, figures };
  }
  if (dryRun) return { kind: "would_publish", bundle: sha256, figures };
  await state.publishing(run, sha256);
  if (!isThere) {
    await storage.put(kvKeys.bundle(sha256), candidate.bundle);
    if (!(await state.isHolder())) throw new LeaseLost();
    const found = await storage.get(kvKeys.active);
    const moved = found && parsePointer(found);
    if (!moved?.ok || JSON.stringify(moved.value) !== JSON.stringify(pointer)) {
      await state.end(run, "given_up", {
        bundle: sha256,
        reason: "the pointer was moved meanwhile",
        figures,
      });
      return { kind: "declined", reason: "the pointer was moved meanwhile", figures };
    }
    const next = learnedPointer(
      pointer,
      { bundle: sha256, base: base.sha256 },
      role,
      new Date(now()).toISOString(),
    );
    await storage.put(kvKeys.active, new TextEncoder().encode(JSON.stringify(next)));
  }
  await state.end(run, "published", { bundle: sha256, figures });
  return { kind: "published", bundle: sha256, figures };
}

/** @returns the last row that was added up */
async function addUp(
  learner: Learner,
  state: LearningState,
  counting: Counting,
  from: number,
  { cut }: Run,
  { mostRows, dryRun = false }: LearningOptions,
): Promise<number> {
  let learned = from;
  let added = 0;
  let unsaved = 0;
  const save = async () => {
    const cells = new Map([...learner.evidence].map(([model, evidence]) => [model, evidence.cells]));
    if (!dryRun) await state.checkpoint(learned, cells);
    unsaved = 0;
  };
  while (learned < cut && (dryRun || added < mostRows)) {
    const rows = await state.page(counting, learned, cut, Math.min(PAGE_ROWS, mostRows - added));
    for (const row of rows) learner.observe(gradeOf(row, learner.base.encoder.dimension));
    learned = rows.length === 0 ? cut : (rows.at(-1) as GradeRow).rowid;
    added += rows.length;
    unsaved += Math.max(rows.length, 1);
    if (unsaved >= CHECKPOINT_ROWS) await save();
  }
  if (unsaved > 0) await save();
  return learned;
}

async function judge(
  learner: Learner,
  live: Stored,
  candidate: Learned,
  state: LearningState,
  counting: Counting,
  { cut, until }: Run,
): Promise<Judgment | undefined> {
  const judging = createJudge(
    learner.base,
    predictorOf(live.bytes),
    predictorOf(candidate.bundle),
    new Set(learner.evidence.keys()),
  );
  for (let after = cut; after < until; ) {
    const rows = await state.page(counting, after, until, PAGE_ROWS);
    if (rows.length === 0) break;
    for (const row of rows) judging.add(gradeOf(row, learner.base.encoder.dimension), row.key ?? "");
    after = (rows.at(-1) as GradeRow).rowid;
  }
  return judging.judgment();
}

function whyNot({ models }: Learned, judgment: Judgment | undefined): string | undefined {
  if (Object.values(models).every(({ credible }) => credible === 0)) {
    return "what the grades say is within what chance would do";
  }
  return judgment === undefined ? "no grade of a known model is left to judge by" : objection(judgment);
}

function predictorOf(bytes: Uint8Array): LandmarkPredictor {
  const predictor = loadPredictor(bytes);
  if (!predictor.ok) throw new Error(predictor.failure.message);
  return predictor.value as LandmarkPredictor;
}

/** Of int8 values at whatever scale only the direction counts. */
function gradeOf({ model, score, embedding }: GradeRow, dimension: number) {
  const binary = atob(embedding);
  const values = new Float32Array(dimension);
  let squares = 0;
  for (let k = 0; k < dimension; k++) {
    const value = (binary.charCodeAt(k) << 24) >> 24;
    values[k] = value;
    squares += value * value;
  }
  const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
  for (let k = 0; k < dimension; k++) values[k] = (values[k] as number) * scale;
  return { model, score, embedding: values };
}
