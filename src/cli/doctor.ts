import { type Command, InvalidArgumentError } from "commander";
import type { Check } from "./doctor/check.ts";
import { checkInstallation } from "./doctor/installation.ts";
import { describeMeasured, type Measured, measureDeployed } from "./doctor/measure.ts";
import { checkRouter } from "./doctor/router.ts";
import { checkStorage } from "./doctor/storage.ts";
import { checkLocalWorker, checkPort, checkUrl, noWorker } from "./doctor/worker.ts";
import { bundledEncoderDirectory, bundledRouterDirectory } from "./encoder.ts";
import { type TargetOptions, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { parsePort } from "./parse-number.ts";
import { paint, textWidth, wrap } from "./terminal.ts";

interface DoctorOptions extends TargetOptions {
  readonly bundle: string;
  readonly encoder: string;
  readonly port: number;
  readonly url?: string;
}

/** `doctor`: whether everything that a decision needs is there and works. */
export function registerDoctor(program: Command): void {
  withTarget(
    program
      .command("doctor")
      .description("check the installation, encoder, bundle, KV, D1 and a live decision"),
  )
    .option("--bundle <dir>", "router to check", bundledRouterDirectory)
    .option("--encoder <dir>", "encoder to check, or `lexical`", bundledEncoderDirectory)
    .option("--port <number>", "port that `start` is to take", parsePort, 8787)
    .option("--url <address>", "ask this Worker, with the key in SIGNALBOX_KEY, and start none", parseAddress)
    .addHelpText(
      "after",
      `
Ends with 1 where a check fails. With --remote and --url it
also measures what only Cloudflare can tell, with 120 new
prompts, and prints it as a table.

Examples:
  signalbox doctor
  signalbox doctor --bundle my-router
  SIGNALBOX_KEY=sb_... signalbox doctor --remote --url https://signalbox.example.workers.dev`,
    )
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  const checks: Check[] = [];
  const add = (found: readonly Check[]) => {
    checks.push(...found);
    if (!options.json) for (const check of found) print(describe(check));
  };
  add(await checkInstallation());
  add(await checkRouter(options.bundle, options.encoder));
  const storage = await checkStorage(options);
  add(storage);
  // Without one there is no storage to look at, and no Worker to start.
  const hasConfiguration = storage.length > 1;
  let measured: Measured | undefined;
  if (options.url !== undefined) {
    const found = await checkUrl(options.url, process.env["SIGNALBOX_KEY"]);
    add(found);
    if (options.remote && found.every(({ status }) => status !== "fail")) {
      const measures = await measureDeployed(options.config, options.url, process.env["SIGNALBOX_KEY"]);
      add([measures.check]);
      measured = measures.measured;
    }
  } else if (options.remote) add([noWorker]);
  else if (hasConfiguration) {
    add([await checkPort(options.port)]);
    add(await checkLocalWorker(options));
  }
  const failures = checks.filter(({ status }) => status === "fail").length;
  if (options.json) {
    print(JSON.stringify({ ok: failures === 0, checks, ...(measured && { measured }) }, null, 2));
  } else {
    if (measured) print(`\n${describeMeasured(measured)}`);
    print(summary(failures, checks.length));
  }
  if (failures > 0) process.exitCode = 1;
}

const colors = { pass: "green", fail: "red", skip: "yellow" } as const;
/** Columns before the text: status, space, name, space. */
const INDENT = 4 + 2 + 13 + 2;

function describe({ status, name, detail, next }: Check): string {
  const lines = wrap(next === undefined ? detail : `${detail}\n-> ${next}`, textWidth() - INDENT);
  const head = `${paint(colors[status], status)}  ${name.padEnd(13)}  `;
  return head + lines.join(`\n${" ".repeat(INDENT)}`);
}

function summary(failures: number, count: number): string {
  if (failures === 0) return paint("green", `\nAll is well: ${count} checks, none failed.`);
  return paint("red", `\n${failures} of ${count} checks failed; the lines with -> say what to do.`);
}

function parseAddress(text: string): string {
  if (/^https?:\/\/[^/]/.test(text)) return text;
  throw new InvalidArgumentError("It must begin with http:// or https://.");
}
