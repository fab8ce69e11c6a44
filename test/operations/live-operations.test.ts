import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { type LocalWorker, startLocalWorker } from "../../src/cli/local-worker.ts";
import { readOutcomes } from "../../src/outcomes/read-outcomes.ts";
import { copyPublishedState } from "../prepared.ts";
import { variantBundle } from "./variant-bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const configPath = join(root, "wrangler.toml");
const standard = join(root, "models/default");
let folder: string;
let state: string;
let worker: LocalWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-live-"));
  state = join(folder, "state");
  await copyPublishedState(state, true);
  worker = await startLocalWorker({
    configPath,
    statePath: state,
    port: 0,
    variables: {
      AUTH: "open",
      DECISION_SECRET: "0123456789abcdef0123456789abcdef",
      POINTER_REFRESH_MS: "100",
    },
  });
});
afterAll(async () => {
  await worker?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command as a person would, beside the running Worker. */
function signalbox(...args: readonly string[]): Promise<string> {
  const full = ["src/cli/main.ts", ...args, "--state", state];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, full, { cwd: root }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(" ")}: ${stderr}`));
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
async function post(path: string, body: object): Promise<any> {
  const response = await fetch(`${worker.origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(`${path} ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function health(): Promise<any> {
  return (await fetch(`${worker.origin}/health`)).json();
}

/** Waits until the Worker has taken up what was published. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never came: ${JSON.stringify(await health())}`);
}

async function variantFolder(name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(standard, copy, { recursive: true });
  const path = join(copy, "bundle.safetensors");
  const made = variantBundle(new Uint8Array(await readFile(path)), (document) => {
    document["name"] = name;
  });
  await writeFile(path, made);
  return copy;
}

test("canary, shadow, promote and roll back under load: no request fails", async () => {
  const first = (await health()).bundle.checksum;
  const seen = new Map<string, number>();
  let sent = 0;
  let isOver = false;
  const failures: unknown[] = [];
  const load = Array.from({ length: 4 }, async (_, client) => {
    while (!isOver) {
      try {
        const { bundle } = await post("/v1/route", {
          prompt: "What is 2 + 2?",
          session: `${client}/${sent++}`,
        });
        seen.set(bundle, (seen.get(bundle) ?? 0) + 1);
      } catch (error) {
        failures.push(error);
      }
    }
  });
  await signalbox("publish", await variantFolder("canary"), "--canary", "10");
  await until(async () => (await health()).canary?.percent === 10);
  await signalbox("publish", await variantFolder("shadow"), "--shadow");
  await until(async () => (await health()).shadow?.compared > 20);
  const { canary, shadow, status } = await health();
  expect([status, shadow.different]).toEqual(["ok", 0]);
  await signalbox("promote");
  await until(async () => (await health()).bundle.checksum === canary.checksum);
  expect((await health()).canary).toBeNull();
  await signalbox("rollback");
  await until(async () => (await health()).bundle.checksum === first);
  isOver = true;
  await Promise.all(load);
  console.log(`${sent} requests, ${failures.length} failed, by bundle: ${[...seen.values()].join(", ")}`);
  expect(failures).toEqual([]);
  expect(seen.get(first)).toBeGreaterThan(0);
  expect(seen.get(canary.checksum)).toBeGreaterThan(0);
  expect(seen.has(shadow.checksum)).toBe(false);
});

test("feedback comes back as outcomes that train takes", async () => {
  const prompts = Array.from({ length: 60 }, (_, k) =>
    k % 2 === 0 ? `What is ${k} times ${k + 3}?` : `Write a poem about the number ${k}.`,
  );
  const scores: Record<string, number>[] = [];
  for (const [k, prompt] of prompts.entries()) {
    const { id, model } = await post("/v1/route", { prompt });
    const other = model === "gpt-4o-mini" ? "gpt-5.4" : "gpt-4o-mini";
    await post("/v1/feedback", { decision: id, score: k % 2 });
    await post("/v1/feedback", { decision: id, score: 0.5, model: other });
    scores.push({ [model]: k % 2, [other]: 0.5 });
  }
  const out = join(folder, "feedback.jsonl.gz");
  const pulled = JSON.parse(
    await signalbox("feedback", "pull", "--out", out, "--task", "production", "--json"),
  );
  expect(pulled).toEqual({ file: out, decisions: 60, scores: 120, skipped_other_encoder: 0 });
  const records = unwrap(await readOutcomes([out]));
  expect(records.map(({ outcomes }) => outcomes)).toEqual(scores);
  expect(records.every(({ task, prompt }) => task === "production" && prompt === "")).toBe(true);
  // Access is open here, so that nothing has a key's name.
  const others = await signalbox("feedback", "pull", "--out", out, "--key", "app", "--json");
  expect(JSON.parse(others)).toMatchObject({ decisions: 0, scores: 0 });
  const all = await signalbox("feedback", "pull", "--out", out, "--exclude-key", "app", "--json");
  expect(JSON.parse(all)).toMatchObject({ decisions: 60, scores: 120 });
  const count = ["feedback", "prune", "--before", "2100-01-01", "--json"];
  expect(JSON.parse(await signalbox(...count, "--dry-run"))).toMatchObject({ feedback: 120, deleted: false });
  expect(JSON.parse(await signalbox(...count))).toMatchObject({ feedback: 120, deleted: true });
  expect(JSON.parse(await signalbox(...count))).toMatchObject({ feedback: 0 });
  const trained = join(folder, "trained");
  await new Promise<void>((resolve, reject) => {
    const args = ["src/cli/main.ts", "train", out, "--out", trained, "--min-outcomes", "20"];
    args.push("--cache", join(folder, "cache"), "--kind", "knn");
    execFile(process.execPath, args, { cwd: root }, (error, _, stderr) =>
      error === null ? resolve() : reject(new Error(stderr)),
    );
  });
  expect((await readFile(join(trained, "bundle.safetensors"))).length).toBeGreaterThan(60 * 768);
});
