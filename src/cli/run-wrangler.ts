import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { CommandFailure } from "./failure.ts";

interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

// The package exports no path to its command; its main module stands in the folder beside it.
const command = join(createRequire(import.meta.url).resolve("wrangler"), "../../bin/wrangler.js");

/** Runs the `wrangler` command of this installation, with its login. */
export function runWrangler(
  args: readonly string[],
  cwd?: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...args], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      // At a higher level it leaves its very answers out. Its notices would stand before them.
      env: {
        WRANGLER_SEND_METRICS: "false",
        ...process.env,
        ...variables,
        WRANGLER_HIDE_BANNER: "true",
        WRANGLER_LOG: "log",
      },
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

/** What a command of `wrangler` that failed could not do, and why in its own words. */
export function wranglerFailure(task: string, { stderr }: Pick<Finished, "stderr">): CommandFailure {
  return new CommandFailure({
    code: "wrangler_failed",
    message: `wrangler could not ${task}: ${wranglerError(stderr)}`,
  });
}

/** The error in what `wrangler` printed, without the advice and the path of a log that follow it. */
export function wranglerError(output: string): string {
  const text = stripVTControlCharacters(output);
  const [, error = text] = /\[ERROR\]\s+([\s\S]*)/.exec(text) ?? [];
  const [first = "", second] = error
    .trim()
    .split(/\n\s*\n/, 2)
    .map((part) => part.trim().replaceAll(/\s+/g, " "));
  // Of a request that Cloudflare refused, the reason stands in the next paragraph.
  const isRefused = /^A request to the Cloudflare API \(.*\) failed\.?$/.test(first);
  return isRefused && second !== undefined ? second : first;
}
