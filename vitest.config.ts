import { readFile } from "node:fs/promises";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Most tests wait for a workerd, a browser or a command that they started.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.workerd.test.ts"],
          testTimeout: 30_000,
        },
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
        test: { name: "workerd", include: ["test/**/*.workerd.test.ts"], testTimeout: 30_000 },
      },
    ],
  },
});

async function serveModels(request: { readonly url: string }): Promise<Response> {
  const { pathname } = new URL(request.url);
  return new Response(await readFile(new URL(`./models${pathname}`, import.meta.url)));
}
