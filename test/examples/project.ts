import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildLibrary } from "../../tools/package/build-library.ts";
import type { BuiltWorker } from "../bench/build-worker.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A project beside the repository, with the examples and what they import as if it were installed. */
export interface Project {
  readonly folder: string;
  /** Builds a folder of `examples` as `wrangler deploy` would. */
  build(example: string): Promise<BuiltWorker>;
  remove(): Promise<void>;
}

export async function createProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-examples-"));
  const installed = join(folder, "node_modules/signalbox");
  await mkdir(installed, { recursive: true });
  await cp(join(root, "package.json"), join(installed, "package.json"));
  await symlink(join(root, "models"), join(installed, "models"));
  for (const name of ["hono", "valibot"]) {
    await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  await buildLibrary(join(installed, "dist"));
  await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
  await cp(join(root, "test/examples/overhead"), join(folder, "examples/overhead"), { recursive: true });
  return {
    folder,
    async build(example) {
      const out = join(folder, "built", example);
      const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
      const config = join(folder, "examples", example, "wrangler.toml");
      const args = [wrangler, "deploy", "--config", config, "--dry-run", "--minify", "--outdir", out];
      await promisify(execFile)(process.execPath, args, { cwd: folder });
      const files = await readdir(out);
      const named = (ending: string) => files.filter((name) => name.endsWith(ending));
      return {
        folder: out,
        modules: [
          ...named(".js").map((name) => ({ type: "ESModule" as const, path: join(out, name) })),
          ...named(".wasm").map((name) => ({ type: "CompiledWasm" as const, path: join(out, name) })),
        ],
      };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
