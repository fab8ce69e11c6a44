import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withDatabase } from "../../src/cli/d1/open-database.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { kvKeys } from "../../src/contract/pointer.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { row } from "../../src/numerics/matrix.ts";
import { type CloudflareStandIn, startCloudflareStandIn } from "../operations/cloudflare-stand-in.ts";
import { copyPublishedState } from "../prepared.ts";
import { openWorld, predictorOf, type World } from "./world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const config = join(root, "wrangler.toml");
let folder: string;
let cloud: CloudflareStandIn;
/** The default bundle with grades, in this process. */
let world: World;
/** What it learns. */
let expected: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-learn-"));
  cloud = await startCloudflareStandIn();
  const bundle = new Uint8Array(await readFile(join(root, "models/default/bundle.safetensors")));
  const { encoder, models } = predictorOf(bundle);
  const file = join(root, "models/benchmarks/llmrouter.safetensors");
  const { dataset } = unwrap(readBenchmark(await readFile(file)));
  world = await openWorld(bundle);
  for (let k = 0; k < 100; k++) {
    const model = models[k % 3] as string;
    const embedding = row(dataset.embeddings, 7 * k) as Float32Array;
    world.grade({ model, score: k % 3 === 0 ? 0 : 1, embedding, encoder: encoder.checksum });
  }
  world.setPointer({ ...world.pointer(), encoder: encoder.checksum });
  // What stays as it is, for the commands.
  const before = new Map(world.kv);
  const outcome = await world.learn({ minFeedback: 100, perKey: 1000 });
  expect(outcome.kind).toBe("published");
  expected = world.pointer().bundle;

  for (const [key, bytes] of before) {
    cloud.account.values.set(key, { bytes: Buffer.from(bytes), before: undefined, at: 0 });
  }
  cloud.account.deployments.push("v");
  for (const { sql } of world.rows(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC",
  )) {
    await cloud.account.query(String(sql));
  }
  await copyPublishedState(join(folder, "state"), true);
  const columns =
    "decision, model, score, bundle, encoder, embedding, decided_at, received_at, key_name, day, of_day";
  const insert = `INSERT INTO feedback (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const rows = world
    .rows(`SELECT ${columns} FROM feedback ORDER BY rowid`)
    .map((each) => Object.values(each) as (string | number | null)[]);
  const literal = (value: string | number | null) =>
    typeof value === "string" ? `'${value}'` : String(value);
  for (const values of rows) {
    await cloud.account.query(`INSERT INTO feedback (${columns}) VALUES (${values.map(literal).join(", ")})`);
  }
  await withDatabase({ config, state: join(folder, "state") }, async (database) => {
    await database.batch(rows.map((values) => database.prepare(insert).bind(...values)));
  });
});
afterAll(async () => {
  await cloud.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function signalbox(...args: readonly string[]): Promise<Finished> {
  const target = args.includes("--remote") ? [] : ["--state", join(folder, "state")];
  const env = { ...process.env, ...cloud.environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "src/cli/main.ts"), ...args, "--config", config, ...target],
      { cwd: folder, env },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const all = ["--per-key", "1000"];

test("a dry run says what would be, and writes nothing", async () => {
  const { stdout, stderr } = await signalbox("learn", ...all, "--dry-run");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^ *model +grades +moved by +believed$/m);
  expect(stdout).toMatch(
    /^on the newest 20 grades: log loss \S+ -> \S+, estimated score \S+ -> \S+, another model for \d+ %$/m,
  );
  expect(stdout).toContain("Dry run: it would be published; nothing was written.");
  const again = JSON.parse((await signalbox("learn", ...all, "--dry-run", "--json")).stdout);
  expect(again).toMatchObject({ kind: "would_publish", bundle: expected });
});

test("the command learns the same bytes as the Worker, here and at Cloudflare", async () => {
  const local = await signalbox("learn", ...all);
  expect(local.stdout).toContain(`published ${expected}`);
  const remote = await signalbox("learn", ...all, "--remote", "--json");
  expect(JSON.parse(remote.stdout)).toMatchObject({ kind: "published", bundle: expected });
  const stored = cloud.account.values.get(kvKeys.bundle(expected))?.bytes;
  expect(stored?.equals(world.kv.get(kvKeys.bundle(expected)) as Uint8Array)).toBe(true);

  const status = await signalbox("status");
  expect(status.stdout).toMatch(/^base +[0-9a-f]{12}, what was learned from$/m);
  expect(status.stdout).toMatch(/^learned +\S+Z published [0-9a-f]{12}: on the newest 20 grades: log loss /m);
  expect((await signalbox("learn")).stdout).toContain("0 new grades, and 100 are needed: nothing was done");
  expect((await signalbox("gc", "--json")).stdout).not.toContain(world.sha256);

  await signalbox("rollback");
  expect(JSON.parse((await signalbox("status", "--json")).stdout).pointer.bundle).toBe(world.sha256);
});

test("without tables it says how to make them", async () => {
  await copyPublishedState(join(folder, "bare"));
  const bare = ["learn", "--dry-run", "--state", join(folder, "bare")];
  const args = [join(root, "src/cli/main.ts"), ...bare, "--config", config];
  const stderr = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (_error, _stdout, text) => resolve(text));
  });
  expect(stderr).toContain("the database has no tables yet: npx wrangler d1 migrations apply DB --local");
});
