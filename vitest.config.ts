import { rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";
import { testsBySpeed } from "./test/speeds.ts";

// For all processes of the run, also those that tests start: compiled code, which is Wrangler's for the most part, and
// folders that several test files need (test/prepared.ts).
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));
const shelf = join(tmpdir(), `signalbox-prepared-${process.pid}`);
process.env["SIGNALBOX_PREPARED"] = shelf;
process.once("exit", () => rmSync(shelf, { recursive: true, force: true }));

/**
 * Tests wait for what happens, not for a time: these are for what never does. Most wait for a workerd, a browser or a
 * command that they started, and beside other busy processes that takes twenty times as long as on a quiet machine.
 */
const patience = { testTimeout: 1_200_000, hookTimeout: 1_200_000, expect: { poll: { timeout: 300_000 } } };

const { fast, slow } = testsBySpeed();

export default defineConfig({
  test: {
    // One more than there are cores: slow files wait for what a Worker does by the clock a quarter of their time.
    maxWorkers: Math.min(availableParallelism() + 1, 5),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // They leave nothing behind, so that one process may run many and load onnxruntime-web once.
        test: {
          name: "fast",
          include: fast,
          isolate: false,
          setupFiles: "./test/no-processes.ts",
          ...patience,
        },
      },
      {
        test: { name: "slow", include: slow, setupFiles: "./test/end-processes.ts", ...patience },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: { AUTH: "open", POINTER_REFRESH_MS: "0" },
              // workerd has no file system: tests fetch what they put into KV from models/ through this service.
              serviceBindings: { FILES: serveModels },
            },
          }),
        ],
        test: { name: "workerd", include: ["test/**/*.workerd.test.ts"], ...patience },
      },
    ],
  },
});

async function serveModels(request: { readonly url: string }): Promise<Response> {
  const { pathname } = new URL(request.url);
  return new Response(await readFile(new URL(`./models${pathname}`, import.meta.url)));
}
