import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
/** The compressed package, which everyone who installs it loads: 15 MB of it are the encoder. */
const MOST_BYTES = 30e6;
/** With its dependencies, without the binary of workerd: that is another 152 MB, and grows with Cloudflare's releases. */
const MOST_INSTALLED_BYTES = 130e6;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let project: string;
let packed: Packed;
let tarball: string;
let installed = false;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-package-"));
  project = join(folder, "project");
  // Its own output comes before the document.
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
  packed = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m))))[0] as Packed;
  tarball = join(folder, packed.filename);
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }');
  installed = await install();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** False where the registry can't be reached for the dependencies. */
async function install(): Promise<boolean> {
  try {
    await run("npm", ["install", "--no-audit", "--no-fund", "--fetch-retries=1", tarball], { cwd: project });
    return true;
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    if (!/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|network/.test(stderr)) throw error;
    console.warn("The registry can't be reached: the installed package is not tested.");
    return false;
  }
}

describe("what is packed", () => {
  test("publint and attw find nothing", async () => {
    await run("publint", ["run", tarball, "--strict"], { cwd: root });
    // The kernel is WebAssembly, which has no types.
    const options = ["--profile", "esm-only", "--exclude-entrypoints", "kernel.wasm"];
    await run("attw", [tarball, ...options], { cwd: root });
  });

  test("it holds what is needed at run time, and no more", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...["dist/cli/main.js", "dist/client/index.js", "dist/client/index.d.ts", "dist/worker/index.js"],
        ...["dist/playground/index.html", "models/default/bundle.safetensors", "models/encoder/weights.bin"],
        ...["migrations/0001_feedback.sql", "wrangler.toml", "LICENSE", "NOTICE"],
      ]),
    );
    const needless = paths.filter((path) =>
      /^(src|test|docs|package)\/|models\/benchmarks|calibration\.safetensors|build\/|(?<!\.d)\.ts$|\.map$|\.tmp$/.test(
        path,
      ),
    );
    expect(needless).toEqual([]);
    expect(packed.size).toBeLessThan(MOST_BYTES);
  });

  test("types import what is packed", async () => {
    if (!installed) return;
    const dist = join(project, "node_modules/signalbox/dist");
    const types = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".d.ts"));
    expect(types.length).toBeGreaterThan(5);
    for (const name of types) {
      expect(await readFile(join(dist, name), "utf8"), name).not.toMatch(/from "[^"]*\.ts"/);
    }
  });
});

describe("installed in an empty project", () => {
  const signalbox = (...args: readonly string[]) =>
    run("npx", ["--no-install", "signalbox", ...args], { cwd: project });

  test("signalbox --help and --version", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    expect((await signalbox("--help")).stdout).toContain("signalbox route --prompt");
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect((await signalbox("--version")).stdout.trim()).toBe(version);
  });

  test("no native library but that of Wrangler's image emulation, and no more bytes than that", async ({
    skip,
  }) => {
    if (!installed) skip("the registry can't be reached");
    const modules = join(project, "node_modules");
    const entries = await readdir(modules, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    // Install scripts link the binaries of workerd and esbuild to a second place.
    const sizes = new Map(
      (await Promise.all(files.map((file) => stat(file)))).map(({ ino, size }) => [ino, size]),
    );
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const { size: workerd } = await stat(join(modules, "workerd/bin/workerd"));
    const megabytes = (count: number) => `${(count / 1e6).toFixed(0)} MB`;
    console.log(
      `installed: ${megabytes(bytes)} in ${files.length} files, ${megabytes(workerd)} of them workerd`,
    );
    expect(bytes - workerd).toBeLessThan(MOST_INSTALLED_BYTES);
    const native = files.filter(
      (file) => /\.(node|so|dylib|dll)(\.|$)/.test(file) && !file.includes("/@img/"),
    );
    expect(native).toEqual([]);
  });

  test("evaluate --html says which packages it needs before it begins", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    await expect(
      signalbox("evaluate", "none.jsonl", "--protocol", "cv", "--html", "report.html"),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm install @observablehq/plot linkedom"),
    });
  });

  test("signalbox route decides offline", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    const args = ["--bundle", "node_modules/signalbox/models/default", "--json"];
    const { stdout } = await signalbox(
      "route",
      ...args,
      "--prompt",
      "How many positive divisors does 360 have?",
    );
    expect(JSON.parse(stdout)).toMatchObject({ id: "prompt", reason: "highest_p_correct" });
  });

  test("signalbox start decides over HTTP, for the installed client too", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    await withStarted(async (origin) => {
      const page = await fetch(`${origin}/`);
      expect(await page.text()).toContain("<title>Signalbox");
      await writeFile(
        join(project, "ask.js"),
        `import { connectSignalbox } from "signalbox/client";
         const { model, p_correct } = await connectSignalbox({ baseUrl: "${origin}" }).route({ prompt: "What is 2 + 2?" });
         console.log(JSON.stringify({ model, p_correct }));`,
      );
      const { stdout } = await run(process.execPath, ["ask.js"], { cwd: project });
      expect(JSON.parse(stdout)).toEqual({ model: expect.any(String), p_correct: expect.any(Number) });
    });
  });

  test("signalbox status reads what start stored", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    const { stdout } = await signalbox("status");
    expect(stdout).toMatch(/^bundle +[0-9a-f]{12}, 62 models/m);
  });

  test("signalbox doctor finds nothing wrong", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    const { stdout } = await signalbox("doctor", "--port", "0", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  });

  test("signalbox init writes a configuration that starts and builds", async ({ skip }) => {
    if (!installed) skip("the registry can't be reached");
    await signalbox("init");
    await withStarted(async (origin) => {
      expect((await fetch(`${origin}/health`)).status).toBe(200);
    });
    const { stdout } = await run("npx", ["--no-install", "wrangler", "deploy", "--dry-run"], {
      cwd: project,
    });
    expect(stdout).toMatch(/gzip: 3[0-9]{3}/);
    await expect(signalbox("init")).rejects.toMatchObject({ code: 1 });
  });

  test.each(["nodenext", "bundler"])("the client's types hold, resolved as %s", async (resolution) => {
    if (!installed) return;
    await writeFile(
      join(project, "typed.ts"),
      `import { connectSignalbox, type RouteResponse, SignalboxError } from "signalbox/client";
       const signalbox = connectSignalbox({ baseUrl: "http://127.0.0.1:8787" });
       const answer: Promise<RouteResponse> = signalbox.route({ prompt: "Hello", tolerance: 0.05 });
       // @ts-expect-error a share is a number
       signalbox.route({ prompt: "Hello", tolerance: "little" });
       export const failed = (error: unknown) => error instanceof SignalboxError && error.code === "rate_limited";
       export default answer;`,
    );
    const module = resolution === "bundler" ? "esnext" : "nodenext";
    const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--module", module];
    const tsc = ["tsc", ...options, "--moduleResolution", resolution, "--types", "", "typed.ts"];
    await run(join(root, "node_modules/.bin/tsc"), tsc.slice(1), { cwd: project });
  });

  async function withStarted(work: (origin: string) => Promise<void>): Promise<void> {
    // Without npx, which keeps signals to itself.
    const command = join(project, "node_modules/.bin/signalbox");
    const worker = spawn(process.execPath, [command, "start", "--port", "0"], { cwd: project });
    try {
      await work(await originOf(worker));
    } finally {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      worker.kill("SIGINT");
      await ended;
    }
  }
});

function originOf(worker: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let shown = "";
    const look = (chunk: Buffer) => {
      shown += chunk.toString("utf8");
      const [, origin] = /listens on (http:\S+)[\s\S]*Ctrl-C/.exec(shown) ?? [];
      if (origin !== undefined) resolve(origin);
    };
    worker.stdout?.on("data", look);
    worker.stderr?.on("data", look);
    worker.once("exit", (code) => reject(new Error(`it ended with ${code}: ${shown}`)));
  });
}
