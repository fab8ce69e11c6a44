import { toBase64 } from "../../src/contract/base64.ts";
import { kvKeys, type Pointer, parsePointer } from "../../src/contract/pointer.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { quantizeRows } from "../../src/core/math/quantize.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { type LearningOptions, type LearningOutcome, runLearning } from "../../src/learning/run-learning.ts";
import { openTables } from "./sqlite.ts";

const ENCODER = "e".repeat(64);
const DAY_SECONDS = 24 * 3600;
export const START_SECONDS = 1_800_000_000;

/** A grade as the Worker would store it. */
export interface SentGrade {
  readonly model: string;
  readonly score: number;
  readonly embedding: Float32Array;
  readonly key?: string;
  /** Seconds after the beginning. */
  readonly at?: number;
  /** Checksum of the encoder; the live one's where it is left out. */
  readonly encoder?: string;
}

/** D1, KV and a live bundle, without a Worker around them. */
export async function openWorld(bundle: Uint8Array) {
  const tables = openTables();
  const sha256 = await checksumOf(bundle);
  const kv = new Map<string, Uint8Array>([[kvKeys.bundle(sha256), bundle]]);
  const storage = {
    get: async (key: string) => kv.get(key),
    put: async (key: string, bytes: Uint8Array) => void kv.set(key, bytes),
  };
  const insert = tables.sqlite.prepare(
    "INSERT INTO feedback (decision, model, score, bundle, encoder, embedding, decided_at, received_at, key_name, day, of_day) VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)",
  );
  const ofDay = new Map<string, number>();
  let decisions = 0;
  let runs = 0;
  const world = {
    sha256,
    kv,
    storage,
    tables,
    pointer(): Pointer {
      const parsed = parsePointer(kv.get(kvKeys.active) as Uint8Array);
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return parsed.value;
    },
    setPointer(pointer: object): void {
      kv.set(kvKeys.active, new TextEncoder().encode(JSON.stringify(pointer)));
    },
    live: (): Predictor => predictorOf(kv.get(kvKeys.bundle(world.pointer().bundle)) as Uint8Array),
    grade({ model, score, embedding, key = "key", at = 0, encoder = ENCODER }: SentGrade): void {
      const day = Math.floor((START_SECONDS + at) / DAY_SECONDS);
      const place = (ofDay.get(`${key} ${day}`) ?? 0) + 1;
      ofDay.set(`${key} ${day}`, place);
      const values = quantizeRows(embedding, embedding.length).values;
      const time = START_SECONDS + at;
      insert.run(
        ...[String(decisions++), model, score, encoder.slice(0, 16), toBase64(new Uint8Array(values.buffer))],
        ...[time, time, key, day, place],
      );
    },
    learn(options: Partial<LearningOptions> = {}, at = 0): Promise<LearningOutcome> {
      return runLearning(
        { database: tables, storage, holder: `run ${runs++}`, now: () => (START_SECONDS + at) * 1000 },
        { role: { kind: "live" }, minFeedback: 20, perKey: 1e9, mostRows: 20_000, ...options },
      );
    },
    rows: (sql: string) => tables.sqlite.prepare(sql).all() as Record<string, unknown>[],
  };
  world.setPointer({
    format_version: 1,
    bundle: sha256,
    catalogue: "c".repeat(64),
    encoder: ENCODER,
    published_at: "2026-01-01",
  });
  return world;
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export function predictorOf(bytes: Uint8Array): Predictor {
  const predictor = loadPredictor(bytes);
  if (!predictor.ok) throw new Error(predictor.failure.message);
  return predictor.value;
}
