import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(root, "node_modules/.cache-runtimes-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.each([
  ["math", "process.pid", "Cannot find name 'process'"],
  ["math", "document.title", "Cannot find name 'document'"],
  ["math", "fetch('/')", "Cannot find name 'fetch'"],
  ["edge", "process.pid", "Cannot find name 'process'"],
  ["edge", "document.title", "Cannot find name 'document'"],
  ["edge", "new TextEncoder().encode('')", ""],
  ["learning", "document.title", "Cannot find name 'document'"],
  ["node", "document.title", "Cannot find name 'document'"],
  ["node", "process.pid", ""],
  ["browser", "process.pid", "Cannot find name 'process'"],
  ["browser", "document.title", ""],
])("%s: %s", async (project, expression, fault) => {
  const said = await compile(project, `export const value = ${expression};\n`);
  if (fault === "") expect(said).toBe("");
  else expect(said).toContain(fault);
});

/** What the compiler says of a file that stands in a project of its own with a project's options. */
async function compile(project: string, code: string): Promise<string> {
  await writeFile(join(folder, "probe.ts"), code);
  const config = {
    extends: join(root, `tsconfig/${project}.json`),
    compilerOptions: { composite: false, emitDeclarationOnly: false, noEmit: true, rootDir: folder },
    include: ["probe.ts"],
    exclude: [],
    references: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder]);
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
