import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check } from "../../src/cli/doctor/check.ts";
import { openKeyValue } from "../../src/cli/kv/open.ts";
import { runWrangler } from "../../src/cli/run-wrangler.ts";
import { startTestWorker } from "../conformance/test-worker.ts";
import { copyPublishedState } from "../prepared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const config = join(root, "wrangler.toml");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-doctor-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Diagnosis {
  readonly code: number;
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

const doctor = (...args: readonly string[]) => doctorIn([], args);

function doctorIn(nodeOptions: readonly string[], args: readonly string[]): Promise<Diagnosis> {
  return new Promise((resolve, reject) => {
    const command = [join(root, "src/cli/main.ts"), "doctor", "--json", "--config", config];
    const full = [...nodeOptions, ...command, ...args];
    execFile(process.execPath, full, { cwd: folder }, (error, stdout, stderr) => {
      try {
        resolve({ code: error === null ? 0 : Number(error.code), ...JSON.parse(stdout) });
      } catch {
        reject(new Error(`no JSON alone: ${stdout}${stderr}`));
      }
    });
  });
}

const statuses = (checks: readonly Check[]) =>
  Object.fromEntries(checks.map(({ name, status }) => [name, status]));
const failures = (checks: readonly Check[]) => checks.filter(({ status }) => status === "fail");

test("all is well where nothing is published yet: a real Worker decides", async () => {
  const { code, ok, checks } = await doctor("--state", join(folder, "empty"), "--port", "0");
  expect(failures(checks)).toEqual([]);
  expect([code, ok]).toEqual([0, true]);
  expect(statuses(checks)).toEqual({
    ...{ Node: "pass", packages: "pass", encoder: "pass", embedding: "pass", accelerator: "pass" },
    ...{ bundle: "pass", catalogue: "pass", decision: "pass", configuration: "pass" },
    ...{ KV: "skip", D1: "skip", keys: "skip", port: "pass", Worker: "pass" },
  });
});

test("an accelerator whose sums saturate and an address where nobody answers fail, and say what to do", async () => {
  // What a CPU without VNNI really computed stands in for the package, so that every CPU can see it fail.
  const standIn = new URL("saturating-runtime.ts", import.meta.url).href;
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ resolve: (name, context, next) => next(name === "onnxruntime-node" ? "${standIn}" : name, context) });`;
  const nodeOptions = ["--import", `data:text/javascript,${encodeURIComponent(hook)}`];
  const args = ["--state", join(folder, "empty"), "--url", "http://127.0.0.1:9"];
  const { code, ok, checks } = await doctorIn(nodeOptions, args);
  expect([code, ok]).toEqual([1, false]);
  expect(failures(checks)).toEqual([
    {
      name: "accelerator",
      status: "fail",
      detail:
        "onnxruntime-node embeds otherwise on this CPU than the Worker does (cosine 0.9930, needed 0.9995); it is not used",
      next: expect.stringContaining("npm uninstall onnxruntime-node"),
    },
    expect.objectContaining({ name: "Worker", detail: expect.stringContaining("network_error") }),
  ]);
});

test("a damaged bundle in KV and a missing table fail, and say what to do", async () => {
  const state = join(folder, "damaged");
  await copyPublishedState(state);
  const kv = await openKeyValue({ location: "local", configPath: config, statePath: state });
  const [key = ""] = await kv.list("bundle/");
  const bundle = (await kv.get(key)) as Uint8Array;
  await kv.put(key, bundle.subarray(0, 1000));
  await kv.close();
  // As if only the first migration had been applied.
  const sql = join(folder, "first.sql");
  await cp(join(root, "migrations/0001_feedback.sql"), sql);
  const d1 = ["d1", "execute", "DB", "--local", "--config", config, "--persist-to", state];
  expect((await runWrangler([...d1, "--file", sql])).code).toBe(0);

  const { code, ok, checks } = await doctor("--state", state, "--port", "0");
  expect([code, ok]).toEqual([1, false]);
  expect(failures(checks)).toEqual([
    {
      name: "KV",
      status: "fail",
      detail: `${key} is damaged`,
      next: expect.stringContaining("signalbox publish"),
    },
    {
      name: "D1",
      status: "fail",
      detail: "no table decisions, drift, signals",
      next: expect.stringContaining("migrations apply DB --local"),
    },
    {
      name: "Worker",
      status: "fail",
      detail: expect.stringContaining("truncated or damaged"),
      next: expect.any(String),
    },
  ]);
});

test("after the migrations and a publication KV, D1 and the Worker pass", async () => {
  const state = join(folder, "whole");
  await copyPublishedState(state, true);
  const { checks } = await doctor("--state", state, "--port", "0");
  expect(failures(checks)).toEqual([]);
  expect(statuses(checks)).toMatchObject({ KV: "pass", D1: "pass", Worker: "pass" });
});

test("a truncated bundle, a damaged encoder and a taken port", async () => {
  const router = join(folder, "router");
  await cp(join(root, "models/default"), router, { recursive: true });
  await writeFile(
    join(router, "bundle.safetensors"),
    (await readFile(join(router, "bundle.safetensors"))).subarray(0, 5000),
  );
  const encoder = join(folder, "encoder");
  await cp(join(root, "models/encoder"), encoder, { recursive: true });
  await writeFile(join(encoder, "tokenizer.json"), "{}");
  const other = createServer((_, response) => response.end("another program")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    const args = ["--bundle", router, "--encoder", encoder, "--port", String(port)];
    const { code, checks } = await doctor("--state", join(folder, "empty"), ...args);
    expect(code).toBe(1);
    expect(failures(checks).map(({ name }) => name)).toEqual(["encoder", "bundle", "port"]);
    expect(failures(checks).every(({ next }) => next !== undefined)).toBe(true);
  } finally {
    other.close();
  }
});

test("--url asks a Worker elsewhere, and tells a key that is missing from a wrong address", async () => {
  const worker = await startTestWorker({
    providerUrl: "http://127.0.0.1:9/v1",
    variables: { AUTH: "keys", API_KEYS: "" },
  });
  try {
    const closed = await doctor("--state", join(folder, "empty"), "--url", worker.origin);
    expect(failures(closed.checks)).toMatchObject([{ name: "Worker" }]);
    expect(failures(closed.checks)[0]?.detail).not.toContain("network_error");
  } finally {
    await worker.stop();
  }
});

test("wrong usage ends with 2", async () => {
  const ended = new Promise((resolve) => {
    const args = [join(root, "src/cli/main.ts"), "doctor", "--url", "nowhere"];
    execFile(process.execPath, args, (error) => resolve(error?.code));
  });
  expect(await ended).toBe(2);
});
