import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { runWrangler, wranglerFailure } from "../../src/cli/run-wrangler.ts";
import { buildLibrary, compile, nameCompiledModules } from "./build-library.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");
const RUNTIME_WASM = "ort-wasm-simd-threaded.wasm";

/** Makes dist, which the npm package holds: JavaScript of command line and client, the Worker in one file, the page. */
async function buildPackage(): Promise<void> {
  await removeEarlier();
  await compile("tools/package", dist);
  await compile("src/client", dist); // the same JavaScript again, and the types that go with it
  await buildLibrary(dist);
  await nameCompiledModules(dist);
  await chmod(join(dist, "cli/main.js"), 0o755);
  // Bundled here, so that an installation needs neither Hono nor onnxruntime-web, which is larger than all the rest.
  await bundleRuntime();
  await bundleWorker("src/worker/index.ts", "worker");
  await bundleWorker("src/worker/light.ts", "worker-light");
}

/** All that an earlier run of this script made; the playground has a build of its own. */
async function removeEarlier(): Promise<void> {
  await mkdir(dist, { recursive: true });
  for (const entry of await readdir(dist, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== "playground")
      await rm(join(dist, entry.name), { recursive: true });
  }
}

/** The Worker's bundle takes the WebAssembly that the command line uses: 14 MB once instead of twice. */
async function shareRuntime(file: string, wasm: string): Promise<void> {
  const code = await readFile(file, "utf8");
  const own = `"./${wasm}"`;
  if (!code.includes(own)) throw new Error(`${file} does not import ${own}`);
  await writeFile(file, code.replaceAll(own, `"../onnx/${RUNTIME_WASM}"`));
}

/** onnxruntime-web's code in place of the module that imports it, and beside it the two files that it looks for there. */
async function bundleRuntime(): Promise<void> {
  const folder = join(dist, "onnx");
  const file = join(folder, "onnx-runtime.js");
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    conditions: ["onnxruntime-web-use-extern-wasm"],
  });
  const { resolve } = createRequire(import.meta.url);
  for (const name of ["ort-wasm-simd-threaded.mjs", RUNTIME_WASM]) {
    await copyFile(resolve(`onnxruntime-web/${name}`), join(folder, name));
  }
}

/** Builds the playground too: wrangler.toml says so. */
async function bundleWorker(entry: string, name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-package-"));
  try {
    const finished = await runWrangler(["deploy", entry, "--dry-run", "--outdir", folder], root);
    if (finished.code !== 0) throw wranglerFailure(`bundle ${entry}`, finished);
    await mkdir(join(dist, name), { recursive: true });
    let runtime: string | undefined;
    for (const file of await readdir(folder)) {
      if (file.endsWith(".js")) await copyFile(join(folder, file), join(dist, name, "index.js"));
      else if (file.endsWith(RUNTIME_WASM)) runtime = file;
      else if (file.endsWith(".wasm")) await copyFile(join(folder, file), join(dist, name, file));
    }
    if (runtime !== undefined) await shareRuntime(join(dist, name, "index.js"), runtime);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await buildPackage();
