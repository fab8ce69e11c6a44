import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Wrangler's own polyfills and entry shims. */
const platform = /^(node_modules\/(unenv|@cloudflare\/unenv-preset|wrangler)\/|\.wrangler\/|[^/]+:)/;

// Cloudflare counts the gzipped upload: 3 MB on the free plan, 10 MB on the paid one. Almost all of the full Worker is
// onnxruntime-web's WASM, so the code has a budget of its own.
const builds = [
  {
    entry: "src/worker/index.ts",
    modules:
      /^(src\/(core|encoder|contract|router|learning|worker)\/|node_modules\/(hono|valibot|onnxruntime-web|onnxruntime-common)\/)/,
    totalGzipBytes: 4_000_000,
    codeGzipBytes: 200_000,
  },
  {
    entry: "src/worker/light.ts",
    modules: /^(src\/(core|encoder|contract|router|learning|worker)\/|node_modules\/(hono|valibot)\/)/,
    totalGzipBytes: 100_000,
    codeGzipBytes: 95_000,
  },
] as const;

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

describe.each(builds)("$entry", ({ entry, modules, totalGzipBytes, codeGzipBytes }) => {
  let folder: string;
  let inputs: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalbox-bundle-"));
    const meta = join(folder, "meta.json");
    const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
    const args = [wrangler, "deploy", entry, "--dry-run", "--minify", "--outdir", folder, "--metafile", meta];
    await promisify(execFile)(process.execPath, args, { cwd: root });
    const { outputs } = JSON.parse(await readFile(meta, "utf8")) as Metafile;
    inputs = Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([name, { bytesInOutput }]) => (bytesInOutput > 0 ? [name] : [])),
    );
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("the bundle holds no stranger", () => {
    const own = inputs.map((name) => name.replace(/^(\.\.\/)+/, "")).filter((name) => !platform.test(name));
    expect(own.length).toBeGreaterThan(30);
    expect(own.filter((name) => !modules.test(name))).toEqual([]);
    expect(own.some((name) => /openapi\.ts|to-json-schema/.test(name))).toBe(false);
  });

  test("it stays within its byte budget", async () => {
    const sizes = await Promise.all(
      (await readdir(folder))
        .filter((name) => /\.(js|wasm)$/.test(name))
        .map(async (name) => ({ name, bytes: gzipSync(await readFile(join(folder, name))).byteLength })),
    );
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    const code = sizes.filter(({ name }) => name.endsWith(".js")).reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(`${entry}: ${total} bytes gzipped, ${code} of them code`);
    expect(total).toBeLessThan(totalGzipBytes);
    expect(code).toBeLessThan(codeGzipBytes);
  });
});
