import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs the `wrangler` command of this installation, with its login. */
export function runWrangler(args: readonly string[]): Promise<Finished> {
  // The package exports no path to its command; its main module stands in the folder beside it.
  const wrangler = join(createRequire(import.meta.url).resolve("wrangler"), "../../bin/wrangler.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [wrangler, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      // At a higher level it leaves its very answers out.
      env: { ...process.env, WRANGLER_LOG: "log" },
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString("utf8") }),
    );
  });
}

/** The end of what a command printed: where its error stands. */
export function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join("\n");
}
