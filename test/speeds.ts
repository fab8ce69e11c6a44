import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What starts a process, a browser or a local Worker. */
const STARTERS = /^((node:)?child_process|playwright-core|wrangler|miniflare|@cloudflare\/vitest-plugin)$/;

/** These start nothing, but read megabytes of hostile input. */
const LONG = ["security/bombs", "security/heap", "fuzz/linear-time"].map((name) => `test/${name}.test.ts`);

/**
 * Test files, paths from the repository's root, by what they wait for: `slow` ones import something that starts another
 * program, directly or through any module of the project, or compute for long; `fast` ones are the others.
 */
export function testsBySpeed(): { readonly fast: string[]; readonly slow: string[] } {
  const files = globSync("test/**/*.test.ts", { cwd: root, exclude: ["test/**/*.workerd.test.ts"] }).sort();
  const seen = new Map<string, readonly string[]>();
  const isSlow = (file: string) => LONG.includes(file) || reaches(file, seen) !== undefined;
  return { fast: files.filter((file) => !isSlow(file)), slow: files.filter(isSlow) };
}

/** The way of imports from a file to what starts another program; undefined where there is none. */
export function reaches(
  file: string,
  imports: Map<string, readonly string[]> = new Map(),
): readonly string[] | undefined {
  const from = new Map<string, string | undefined>([[file, undefined]]);
  for (const module of from.keys()) {
    const specifiers = imports.get(module) ?? importsOf(module);
    imports.set(module, specifiers);
    for (const specifier of specifiers) {
      if (STARTERS.test(specifier)) return [...wayTo(module, from), specifier];
      if (!specifier.startsWith(".") || !/\.[jt]sx?$/.test(specifier)) continue;
      const target = join(dirname(module), specifier);
      if (!from.has(target)) from.set(target, module);
    }
  }
  return undefined;
}

function wayTo(module: string, from: ReadonlyMap<string, string | undefined>): readonly string[] {
  const before = from.get(module);
  return before === undefined ? [module] : [...wayTo(before, from), module];
}

function importsOf(module: string): readonly string[] {
  const code = readFileSync(join(root, module), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  // Types are gone when it runs.
  const specifiers = code.matchAll(/(?<!\bimport type [^;]*)(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g);
  return [...specifiers].map(([, specifier]) => specifier as string);
}
