import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hasBrowser } from "./browser.ts";
import { createVisitor, decided } from "./open-page.ts";

// `npm run first-decision`: what somebody waits for who follows the README: a clean clone of what is committed,
// `npm start` (which installs first), and the page until it shows a decision. Installing depends on the network.
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "signalbox-first-"));
const clone = join(folder, "signalbox");
const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(1);

if (!hasBrowser) throw new Error("this needs Chromium, as the browser tests do");
try {
  await promisify(execFile)("git", ["clone", "--quiet", root, clone]);
  console.log(`${seconds()} s  cloned, on ${availableParallelism()} cores`);
  // A group of its own, so that npm, the command and workerd end together.
  const npm = spawn("npm", ["start", "--", "--port", "0"], { cwd: clone, detached: true });
  try {
    const origin = await new Promise<string>((resolve, reject) => {
      let shown = "";
      const look = (chunk: Buffer) => {
        shown += chunk.toString("utf8");
        const [, found] = /listens on (http:\S+)/.exec(shown) ?? [];
        if (found !== undefined) resolve(found);
      };
      npm.stdout.on("data", look);
      npm.stderr.on("data", look);
      npm.once("exit", (code) => reject(new Error(`npm start ended with ${code}: ${shown}`)));
    });
    console.log(`${seconds()} s  installed, and listens on ${origin}`);
    const visitor = await createVisitor(origin);
    try {
      await decided(await visitor.open());
      console.log(`${seconds()} s  first decision in the browser`);
    } finally {
      await visitor.stop();
    }
  } finally {
    npm.removeAllListeners("exit");
    if (npm.pid !== undefined) process.kill(-npm.pid, "SIGINT");
    await new Promise((resolve) => npm.once("close", resolve));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
