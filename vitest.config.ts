import { readFile } from "node:fs/promises";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { testsBySpeed } from "./test/speeds.ts";

/**
 * Tests wait for what happens, not for a time: these are for what never does. Most wait for a workerd, a browser or a
 * command that they started, and beside other busy processes that takes ten times as long as on a quiet machine.
 */
const patience = { testTimeout: 300_000, hookTimeout: 300_000, expect: { poll: { timeout: 120_000 } } };

const { fast, slow } = testsBySpeed();

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: { name: "fast", include: fast, setupFiles: "./test/no-processes.ts", ...patience },
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
