import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeWhole } from "../src/outcomes/write-whole.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const room = join(root, "src/playground");
const page = join(room, "page");
const fontLicense = fileURLToPath(import.meta.resolve("@fontsource-variable/instrument-sans/LICENSE"));

/** Makes the page's files in dist/playground, which Wrangler serves as static assets. */
async function buildPlayground(outdir: string): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { app: join(room, "main.ts"), style: join(room, "styles/style.css") },
    outdir,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    loader: { ".woff2": "file" },
    // Without a hash: index.html preloads the font by this name, and asset servers revalidate by ETag anyway.
    assetNames: "[name]",
    write: false,
    legalComments: "none",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(outdir, path), contents]));
  for (const name of await readdir(page)) files.set(name, await readFile(join(page, name)));
  files.set("font-license.txt", await readFile(fontLicense));

  await mkdir(outdir, { recursive: true });
  for (const [name, contents] of files) await replaceFile(join(outdir, name), contents);
  for (const name of await readdir(outdir)) {
    if (!files.has(name) && !name.endsWith(".tmp")) await rm(join(outdir, name), { force: true });
  }
}

/** Several builds may run at once (tests start Workers side by side), so nobody may see half a file. */
async function replaceFile(path: string, contents: Uint8Array): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(contents)) return;
  await writeWhole(path, contents);
}

await buildPlayground(join(root, "dist/playground"));
