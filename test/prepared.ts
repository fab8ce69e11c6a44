import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unwrap } from "../src/cli/failure.ts";
import { openKeyValue } from "../src/cli/kv/open.ts";
import { readEncoder, readPublication } from "../src/cli/kv/publication.ts";
import { upload } from "../src/cli/kv/upload.ts";
import { runWrangler } from "../src/cli/run-wrangler.ts";
import { type BuiltWorker, buildWorker, readBuilt } from "./bench/build-worker.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const configPath = join(root, "wrangler.toml");

/**
 * A folder that several test files need, made once in a run of Vitest by whoever needs it first: what takes seconds to
 * make is copied in milliseconds. Nobody writes into it.
 */
export async function prepared(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const shelf = process.env["SIGNALBOX_PREPARED"] ?? ownShelf();
  const folder = join(shelf, name);
  const isThere = () => stat(folder).then(Boolean, () => false);
  if (await isThere()) return folder;
  await mkdir(shelf, { recursive: true });
  const unfinished = await mkdtemp(join(shelf, `${name}-`));
  await make(unfinished);
  try {
    await rename(unfinished, folder);
  } catch (error) {
    // Another worker of Vitest was faster.
    if (!(await isThere())) throw error;
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

let own: string | undefined;

/** Outside Vitest, whose configuration names one for all its processes and removes it. */
function ownShelf(): string {
  if (own === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-prepared-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    own = folder;
  }
  return own;
}

/** The Worker of that entry as it would be deployed, in a folder of one's own. */
export async function builtWorker(
  entry: "src/worker/index.ts" | "src/worker/light.ts",
): Promise<BuiltWorker> {
  const name = entry.replaceAll(/\W/g, "-");
  const built = await prepared(name, (folder) => buildWorker(root, entry, folder).then(() => undefined));
  const folder = await mkdtemp(`${built}-`);
  await cp(built, folder, { recursive: true });
  return readBuilt(folder, entry);
}

/** Fills a folder with Wrangler's local state after `publish models/default`, and with the tables of D1 where asked. */
export async function copyPublishedState(to: string, hasTables = false): Promise<void> {
  const published = await prepared("published", publishDefault);
  const whole = hasTables
    ? await prepared("published-with-tables", async (folder) => {
        await cp(published, folder, { recursive: true });
        await applyMigrations(folder);
      })
    : published;
  await cp(whole, to, { recursive: true });
}

async function publishDefault(statePath: string): Promise<void> {
  const kv = await openKeyValue({ location: "local", configPath, statePath });
  try {
    unwrap(
      await upload(kv, {
        publication: unwrap(await readPublication(join(root, "models/default"))),
        encoder: unwrap(await readEncoder(join(root, "models/encoder"))),
        source: "test",
        publishedAt: new Date(),
        onProgress: () => undefined,
      }),
    );
  } finally {
    await kv.close();
  }
}

/** Makes the tables of D1 by Wrangler's command, as an operator does. */
export async function applyMigrations(statePath: string): Promise<void> {
  const to = ["--local", "--config", configPath, "--persist-to", statePath];
  const { code, stderr } = await runWrangler(["d1", "migrations", "apply", "DB", ...to]);
  if (code !== 0) throw new Error(stderr);
}
