import { execFile } from "node:child_process";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A bundle as `wrangler deploy` would upload it. */
export interface BuiltWorker {
  readonly folder: string;
  readonly modules: readonly { readonly type: "ESModule" | "CompiledWasm"; readonly path: string }[];
}

/** Builds an entry of a checkout with Wrangler, minified, into a folder: a temporary one where none is named. */
export async function buildWorker(root: string, entry: string, into?: string): Promise<BuiltWorker> {
  const folder = into ?? (await mkdtemp(join(tmpdir(), "signalbox-bench-")));
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", entry, "--dry-run", "--minify", "--outdir", folder];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  return readBuilt(folder, entry);
}

/** What was built into a folder. */
export async function readBuilt(folder: string, entry: string): Promise<BuiltWorker> {
  const files = await readdir(folder);
  const script = files.find((name) => name.endsWith(".js"));
  if (script === undefined) throw new Error(`wrangler built no script of ${entry}`);
  return {
    folder,
    modules: [
      { type: "ESModule", path: join(folder, script) },
      ...files
        .filter((name) => name.endsWith(".wasm"))
        .map((name) => ({ type: "CompiledWasm" as const, path: join(folder, name) })),
    ],
  };
}
