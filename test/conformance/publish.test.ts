import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const standard = join(root, "models/default");

let folder: string;
let state: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-publish-"));
  state = join(folder, "state");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A fresh copy of the default bundle and catalogue to change. */
let copy: string;
beforeEach(async ({ task }) => {
  copy = join(folder, task.id.replaceAll(/\W/g, "-"));
  await cp(standard, copy, { recursive: true });
});

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a person would, on a local KV of its own. */
function signalbox(...args: readonly string[]): Promise<Finished> {
  const full = ["src/cli/main.ts", ...args, "--state", state];
  return new Promise((resolve) => {
    execFile(process.execPath, full, { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

async function livePointer(): Promise<unknown> {
  return JSON.parse((await signalbox("status", "--json")).stdout).pointer;
}

test("status of an empty KV", async () => {
  const { code, stdout } = await signalbox("status", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ pointer: null, faults: ["nothing was published yet"] });
});

test("publish makes a bundle live, with its encoder where none is; status tells it", async () => {
  const published = await signalbox("publish", copy, "--json");
  expect([published.code, published.stderr]).toEqual([0, expect.stringContaining("weights stored")]);
  const pointer = JSON.parse(published.stdout);
  expect(pointer).toMatchObject({ format_version: 1, source: copy, previous: [] });
  const status = await signalbox("status", "--json");
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ pointer, faults: [], models: expect.any(Number) });
  expect((await signalbox("status")).stdout).toContain(`bundle     ${pointer.bundle.slice(0, 12)}`);
});

test("new prices go live; what was live before is remembered, and content is stored once", async () => {
  const before = (await livePointer()) as { readonly catalogue: string };
  const catalogue = JSON.parse(await readFile(join(copy, "catalogue.json"), "utf8"));
  catalogue.prices_as_of = "2025-12-24";
  await writeFile(join(copy, "catalogue.json"), JSON.stringify(catalogue));
  const { code, stderr } = await signalbox("publish", copy);
  expect(code).toBe(0);
  expect(stderr).toMatch(/bundle\/\w+ is there/);
  expect(stderr).not.toMatch(/weights/);
  const pointer = (await livePointer()) as { readonly previous: readonly object[] };
  expect(pointer.previous[0]).toMatchObject({ catalogue: before.catalogue });
});

const refusals: readonly [string, () => Promise<readonly string[]>, RegExp][] = [
  ["a folder that isn't there", async () => [join(folder, "nowhere")], /there is no .*bundle\.safetensors/],
  [
    "a truncated bundle",
    async () => {
      const path = join(copy, "bundle.safetensors");
      await writeFile(path, (await readFile(path)).subarray(0, 1000));
      return [copy];
    },
    /bundle\.safetensors: /,
  ],
  [
    "a catalogue that lacks a model",
    async () => {
      const path = join(copy, "catalogue.json");
      const catalogue = JSON.parse(await readFile(path, "utf8"));
      delete catalogue.models[Object.keys(catalogue.models)[0] as string];
      await writeFile(path, JSON.stringify(catalogue));
      return [copy];
    },
    /lacks models of the bundle/,
  ],
  [
    "a catalogue with a wrong price",
    async () => {
      const path = join(copy, "catalogue.json");
      await writeFile(path, (await readFile(path, "utf8")).replace(/"input": [\d.]+/, '"input": "free"'));
      return [copy];
    },
    /usd_per_million_tokens\.input/,
  ],
  [
    "another encoder than the bundle's",
    async () => {
      const encoder = join(copy, "encoder");
      await mkdir(encoder);
      for (const name of ["graph.onnx", "weights.bin", "tokenizer.json"]) {
        await cp(join(root, "models/encoder", name), join(encoder, name));
      }
      const manifest = await readFile(join(root, "models/encoder/manifest.json"), "utf8");
      await writeFile(join(encoder, "manifest.json"), `${manifest} `);
      return [copy, "--encoder", encoder];
    },
    /was trained on encoder/,
  ],
];

interface Provider {
  base_url: string;
  key_name: string;
}

async function withCatalogue(
  change: (catalogue: { readonly providers: Record<string, Provider> }) => void,
): Promise<void> {
  const path = join(copy, "catalogue.json");
  const catalogue = JSON.parse(await readFile(path, "utf8"));
  change(catalogue);
  await writeFile(path, JSON.stringify(catalogue));
}

test("a provider's new host goes live once it was typed, and is told by publish and status", async () => {
  await withCatalogue(({ providers }) => {
    (providers["openai"] as Provider).base_url = "https://gateway.example:8443/v1";
  });
  const moved = "openai at https://gateway.example:8443/v1 with OPENAI_API_KEY";
  const refused = await signalbox("publish", copy, "--dry-run");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain(
    `Provider changed: openai at https://api.openai.com/v1 with OPENAI_API_KEY -> ${moved}.`,
  );
  const accepted = await signalbox("publish", copy, "--accept-providers", "gateway.example:8443");
  expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringContaining(moved)]);
  expect((await signalbox("status")).stdout).toContain(`provider   ${moved}`);
  // What is live, and what comes with Signalbox, need not be typed again.
  expect((await signalbox("publish", copy)).code).toBe(0);
  expect((await signalbox("publish", standard)).code).toBe(0);
});

test("a host that is none is wrong usage", async () => {
  const { code, stderr } = await signalbox("publish", copy, "--accept-providers", "https://x.example/v1");
  expect([code, stderr]).toEqual([2, expect.stringContaining("It must list hosts")]);
});

test.each(refusals)(
  "%s is refused, and nothing changes",
  async (_, prepare, message) => {
    const before = await livePointer();
    const { code, stderr, stdout } = await signalbox("publish", ...(await prepare()));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(await livePointer()).toEqual(before);
  },
  60_000,
);

test.each([[["publish"]], [["publish", "x", "--local", "--remote"]], [["start", "--port", "x"]]])(
  "wrong usage %j ends with 2",
  async (args) => {
    expect((await signalbox(...args)).code).toBe(2);
  },
  60_000,
);
