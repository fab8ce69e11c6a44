import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { copyPublishedState } from "../prepared.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { testCatalogue } from "./test-worker.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/cli/main.ts");
/** What a shell may hold besides, and no local Worker has any business with. */
const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
const plain = { PATH, HOME, NODE_COMPILE_CACHE };

let folder: string;
let provider: FakeProvider;
let started: ChildProcess | undefined;
/** A model of the provider that gets a key, and one of the other's. */
let reached: string;
let unreached: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-start-"));
  provider = await startFakeProvider();
  await run(process.execPath, [main, "init", folder]);
  await copyPublishedState(join(folder, ".wrangler/state"));
  // Two providers, so that one can be without a key.
  const catalogue = (await testCatalogue(provider.baseUrl)) as {
    providers: Record<string, object>;
    models: Record<string, { provider: string }>;
  };
  catalogue.providers["other"] = { base_url: provider.baseUrl, key_name: "OTHER_API_KEY" };
  [unreached, reached] = Object.keys(catalogue.models) as [string, string];
  (catalogue.models[unreached] as { provider: string }).provider = "other";
  const file = join(folder, "catalogue.json");
  await writeFile(file, JSON.stringify(catalogue));
  const { host } = new URL(provider.baseUrl);
  const options = ["--catalogue", file, "--accept-providers", host];
  // By the name that `start` itself stores the default router under: what a person published must stay nevertheless.
  await symlink(join(root, "models"), join(folder, "models"));
  await run(process.execPath, [main, "publish", "models/default", ...options], { cwd: folder });
  // What `npm run build:playground` makes; the page is not asked here.
  await mkdir(join(root, "dist/playground"), { recursive: true });
});

afterAll(async () => {
  await provider?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  const child = started;
  if (child === undefined || child.exitCode !== null) return;
  await new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
});

interface Started {
  readonly origin: string;
  /** Everything that was printed so far. */
  readonly printed: () => string;
}

async function start(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Started> {
  const child = spawn(process.execPath, [main, "start", "--port", "0", ...args], {
    cwd: folder,
    env: { ...plain, ...variables },
  });
  started = child;
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(text)));
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk;
      const [, origin] = /listens on (\S+)/.exec(text) ?? [];
      if (origin !== undefined && text.includes("Ctrl-C ends it")) resolve({ origin, printed: () => text });
    });
  });
}

const body = (fields: object = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "What is 2 + 2?" }], ...fields }),
});

async function chat({ origin }: Started, fields: object = {}) {
  const response = await fetch(`${origin}/v1/chat/completions`, body(fields));
  return { status: response.status, body: await response.json() };
}

async function printedSoon({ printed }: Started, pattern: RegExp): Promise<string> {
  for (let waited = 0; waited < 120_000 && !pattern.test(printed()); waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return printed();
}

test("a key of the environment reaches its provider; others say which variable and file are missing", async () => {
  const worker = await start({ FAKE_API_KEY: "from-the-environment", UNRELATED_API_KEY: "stays-here" });
  const answer = await chat(worker);
  expect(answer.status).toBe(200);
  expect(provider.seen.at(-1)?.headers.authorization).toBe("Bearer from-the-environment");
  expect(worker.printed()).toMatch(/Chat reaches \d+ of 62 models, with FAKE_API_KEY \(environment\)/);
  expect(worker.printed()).toContain(`OTHER_API_KEY=... in ${join(folder, ".dev.vars")}`);

  const closed = await chat(worker, { signalbox: { models: [unreached] } });
  expect(closed).toMatchObject({ status: 502, body: { error: { code: "provider_not_configured" } } });
  expect(closed.body.error.message).toMatch(/no key for other; set OTHER_API_KEY: .*\.dev\.vars/);
  // Names without a key are passed over beside one that has a key, and may be excluded.
  const both = await chat(worker, { signalbox: { models: [unreached, reached] } });
  expect(both.body.model).toBe(`fake/${reached}`);
  expect((await chat(worker, { signalbox: { exclude: [unreached] } })).status).toBe(200);
  expect((await chat(worker, { signalbox: { models: ["nobody"] } })).body.error.code).toBe("unknown_model");

  const { data } = await (await fetch(`${worker.origin}/v1/models`)).json();
  const hasKey = (wanted: string) =>
    data.find(({ id }: { readonly id: string }) => id === wanted)?.has_key as boolean | undefined;
  expect([hasKey(reached), hasKey(unreached)]).toEqual([true, false]);
  expect(await printedSoon(worker, /only candidate {2}\/v1\/chat/)).toMatch(
    /^\d\d:\d\d:\d\d {2}\S+ .*only candidate {2}\/v1\/chat\/completions$/m,
  );
});

test(".dev.vars gives keys too, and git is told to leave it alone; provider faults are sentences", async () => {
  expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain(".dev.vars*");
  await writeFile(join(folder, ".dev.vars"), 'FAKE_API_KEY="from-the-file"\n');
  const worker = await start({});
  expect((await chat(worker)).status).toBe(200);
  expect(provider.seen.at(-1)?.headers.authorization).toBe("Bearer from-the-file");
  expect(worker.printed()).toContain("FAKE_API_KEY (.dev.vars)");
  await provider.stop();
  expect((await chat(worker)).body.error.code).toBe("upstream_failed");
  const printed = await printedSoon(worker, /fake could not be reached, asked for/);
  expect(printed).toContain("fake could not be reached, asked for");
  expect(printed).not.toMatch(/workerd@|^\s+at /m);
});

test("--auth keys is closed but for the key of the run, which is printed", async () => {
  const worker = await start({}, "--auth", "keys");
  const [, key] = /The API key of this run: (\S+)/.exec(worker.printed()) ?? [];
  const ask = (headers: Readonly<Record<string, string>>) =>
    fetch(`${worker.origin}/v1/route`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ prompt: "What is 2 + 2?" }),
    });
  expect((await ask({})).status).toBe(401);
  expect((await ask({ authorization: `Bearer ${key}` })).status).toBe(200);
});

test("a taken port is told before anything is written, with the command that works", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  try {
    const state = join(folder, "untouched");
    const failed = await run(process.execPath, [main, "start", "--port", String(port), "--state", state], {
      cwd: folder,
    }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `signalbox: port ${port} is taken by another program; take the next one: \`npm start -- --port ${port + 1}\`\n`,
    });
    await expect(readFile(state)).rejects.toMatchObject({ code: "ENOENT" });
  } finally {
    other.close();
  }
});
