import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kernel = "encoder/simd/kernel.wasm";

/** What signalbox/router and signalbox/worker lead to: JavaScript, types and the kernel, into a folder such as dist. */
export async function buildLibrary(dist: string): Promise<void> {
  await compile("tsconfig/library.json", dist);
  await mkdir(join(dist, "encoder/simd"), { recursive: true });
  await copyFile(join(root, "src", kernel), join(dist, kernel));
  await nameCompiledModules(dist);
}

export async function compile(project: string, dist: string): Promise<void> {
  const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
  await promisify(execFile)(process.execPath, [tsc, "-p", project, "--outDir", dist], { cwd: root });
}

/** The compiler leaves `.ts` in what types import, which only its newer versions find. */
export async function nameCompiledModules(dist: string): Promise<void> {
  const files = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".d.ts"));
  for (const file of files) {
    const text = await readFile(join(dist, file), "utf8");
    await writeFile(join(dist, file), text.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildLibrary(join(root, "dist"));
