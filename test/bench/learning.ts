import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unwrap } from "../../src/cli/failure.ts";
import { toBase64 } from "../../src/contract/base64.ts";
import { kvKeys, parsePointer } from "../../src/contract/pointer.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import type { LearningDatabase } from "../../src/learning/ports.ts";
import { row } from "../../src/numerics/matrix.ts";
import { quantizeEmbedding } from "../../src/worker/records/decision-token.ts";
import { modulesOf, platform, startWorkerd } from "./live-worker.ts";
import { startSampler } from "./memory.ts";
import type { Subject } from "./subjects.ts";

/** One scheduled run, or all of them. */
interface LearningRow {
  readonly run: string;
  /** Of the whole workerd process, its database included. */
  readonly cpuSeconds: number;
  /** Megabytes of the isolate at its peak, garbage included. */
  readonly peak: number;
  readonly stage: string;
}

/** Different grades; the others are the same on other decisions. */
const DIFFERENT = 500;
const MODELS = 20;

/** So many grades, learned from by scheduled runs one after the other until the work has ended. */
export async function measureLearning(subject: Subject, grades: number): Promise<readonly LearningRow[]> {
  const workerd = await startWorkerd({
    name: "signalbox",
    ...modulesOf(subject.worker),
    ...platform,
    kvNamespaces: { SIGNALBOX: "signalbox" },
    d1Databases: { DB: "signalbox" },
    bindings: { AUTH: "open", ENCODER_BACKEND: subject.backend, LEARN: "live", LEARN_PER_KEY: "10000000" },
    resourcePersistencePath: subject.state,
    handleStructuredLogs: () => {},
  });
  const database = (await workerd.miniflare.getD1Database("DB")) as unknown as LearningDatabase;
  await fill(database, subject, grades);
  const sampler = startSampler(await workerd.inspect(), async () => 0);
  const rows: LearningRow[] = [];
  for (let run = 1; rows.at(-1)?.stage !== "published" && rows.at(-1)?.stage !== "declined"; run++) {
    const before = await workerd.cpuMs();
    const answer = await (await fetch(`${workerd.origin}/cdn-cgi/local/scheduled`)).text();
    if (answer !== "ok") throw new Error(`the scheduled run ended with ${answer}`);
    const cpuSeconds = Math.round((await workerd.cpuMs()) - before) / 1000;
    const { peak } = await sampler.note();
    const { results } = await database
      .prepare("SELECT stage FROM learning_runs ORDER BY id DESC LIMIT 1")
      .bind()
      .all();
    rows.push({ run: String(run), cpuSeconds, peak, stage: String(results[0]?.["stage"]) });
  }
  sampler.stop();
  await workerd.stop();
  const cpuSeconds = rows.reduce((sum, one) => sum + one.cpuSeconds, 0);
  return [...rows, { run: "all", cpuSeconds, peak: Math.max(...rows.map(({ peak }) => peak)), stage: "" }];
}

async function fill(database: LearningDatabase, { root, contents }: Subject, grades: number): Promise<void> {
  for (const file of (await readdir(join(root, "migrations"))).sort()) {
    const text = await readFile(join(root, "migrations", file), "utf8");
    for (const sql of text.replaceAll(/^\s*--.*$/gm, "").split(";")) {
      if (sql.trim() !== "") await again(() => database.prepare(sql).bind().run());
    }
  }
  const { bundle, encoder } = unwrap(parsePointer(contents.get(kvKeys.active) as Uint8Array));
  const { models } = unwrap(loadPredictor(contents.get(kvKeys.bundle(bundle)) as Uint8Array));
  const { dataset } = unwrap(
    readBenchmark(await readFile(join(root, "models/benchmarks/llmrouter.safetensors"))),
  );
  const insert = database.prepare(
    "INSERT INTO feedback (decision, model, score, bundle, encoder, embedding, decided_at, received_at) VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
  );
  const rows = Array.from({ length: DIFFERENT }, (_, k) => {
    const values = quantizeEmbedding(row(dataset.embeddings, (10 * k) % dataset.ids.length) as Float32Array);
    const score = (k * 7) % 3 === 0 ? 1 : 0;
    return insert.bind(
      ...[`0-${k}`, models[k % MODELS] as string, score, bundle.slice(0, 16), encoder.slice(0, 16)],
      toBase64(new Uint8Array(values.buffer)),
    );
  });
  await again(() => database.batch(rows));
  const copies = Math.ceil(grades / DIFFERENT) - 1;
  const copy = database
    .prepare(
      "INSERT INTO feedback (decision, model, score, bundle, encoder, embedding, decided_at, received_at) WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ?) SELECT n || decision, model, score, bundle, encoder, embedding, 0, 0 FROM copy, feedback WHERE decision LIKE '0-%'",
    )
    .bind(copies);
  await again(() => copy.run());
}

/** workerd closes idle connections, which a busy machine notices too late. */
function again<T>(call: () => Promise<T>): Promise<T> {
  return call().catch((error) => {
    if (!(error instanceof TypeError)) throw error;
    return call();
  });
}
