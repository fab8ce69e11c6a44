import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modulesOf, platform, startWorkerd, type Workerd } from "../bench/live-worker.ts";
import { readContents } from "../bench/subjects.ts";
import { migrate } from "../faults/migrate.ts";
import { builtWorker } from "../prepared.ts";
import { createProject, type Project } from "./project.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const prompt = "How many positive divisors does 360 have?";
const bindings = {
  AUTH: "open",
  ENCODER_BACKEND: "lexical",
  DECISION_SECRET: "examples-need-a-secret-this-long-too",
  DECISION_LOG: "d1",
};
let project: Project;

beforeAll(async () => {
  project = await createProject();
});

afterAll(() => project?.remove());

/** Fills the KV of a running Worker with the lexical router. */
async function fill({ miniflare }: Workerd, worker: string): Promise<void> {
  const kv = (await miniflare.getKVNamespace("SIGNALBOX", worker)) as unknown as {
    put(key: string, value: ArrayBuffer): Promise<void>;
  };
  for (const [key, bytes] of await readContents(root, "lexical")) await kv.put(key, bytes.slice().buffer);
}

test("offline: a Node script decides without a server, as the command line does", async () => {
  const script = join(project.folder, "examples/offline/decide.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, prompt]);
  const cli = [join(root, "src/cli/main.ts"), "route", "--prompt", prompt, "--tolerance", "0.05", "--json"];
  const offline = JSON.parse((await promisify(execFile)(process.execPath, cli)).stdout);
  const { model, pCorrect, reason } = JSON.parse(stdout);
  expect({ model, reason }).toEqual({ model: offline.model, reason: offline.reason });
  // The simd kernel against onnxruntime-node: docs/api.md says how far apart the runtimes' arithmetic is.
  expect(Math.abs(pCorrect - offline.p_correct[model])).toBeLessThan(0.03);
}, 120_000);

test("mounted: the API answers under a prefix of another Hono app", async () => {
  const name = "my-app";
  const workerd = await startWorkerd({
    name,
    ...modulesOf(await project.build("mounted")),
    ...platform,
    kvNamespaces: { SIGNALBOX: "signalbox" },
    d1Databases: { DB: "signalbox" },
    bindings,
  });
  try {
    await fill(workerd, name);
    expect(await (await fetch(workerd.origin)).text()).toContain("My own app");
    const ask = (path: string) =>
      fetch(`${workerd.origin}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ prompt, tolerance: 0.05 }),
      });
    const answer = await ask("/router/v1/route");
    const body = await answer.json();
    expect([answer.status, body.ranking?.length], JSON.stringify(body)).toEqual([200, 62]);
    expect(answer.headers.get("x-signalbox-model")).toBe(body.model);
    expect((await ask("/v1/route")).status).toBe(404);
    expect((await ask("/router/v1/nowhere")).status).toBe(404);
    expect((await fetch(`${workerd.origin}/router/v1/route`)).status).toBe(405);
    expect((await fetch(`${workerd.origin}/router/health`)).status).toBe(200);
  } finally {
    await workerd.stop();
  }
});

describe("service binding", () => {
  let workerd: Workerd;

  beforeAll(async () => {
    const storage = { kvNamespaces: { SIGNALBOX: "signalbox" }, d1Databases: { DB: "signalbox" } };
    const rpc = { name: "signalbox", entrypoint: "SignalboxRpc", props: { name: "asker" } };
    workerd = await startWorkerd({
      workers: [
        {
          name: "asker",
          ...modulesOf(await project.build("service-binding")),
          ...platform,
          serviceBindings: { SIGNALBOX: rpc },
        },
        {
          name: "signalbox",
          ...modulesOf(await builtWorker("src/worker/light.ts")),
          ...platform,
          ...storage,
          bindings,
        },
      ],
    });
    await fill(workerd, "signalbox");
    await migrate(workerd, "signalbox");
  });

  afterAll(() => workerd?.stop());

  test("another Worker asks, and gets the decision", async () => {
    const answer = await fetch(workerd.origin, { method: "POST", body: prompt });
    const body = await answer.json();
    expect([answer.status, body], JSON.stringify(body)).toEqual([
      200,
      { id: expect.stringMatching(/^dec_/), model: expect.any(String), p_correct: expect.any(Number) },
    ]);
  });

  test("a prompt that has no answer is a failure with its code", async () => {
    const answer = await fetch(workerd.origin, { method: "POST", body: " " });
    expect([answer.status, (await answer.json()).code]).toEqual([422, "missing_prompt"]);
  });
});
