import { type Command, Option } from "commander";
import type { KeyValue } from "./key-value.ts";
import { openKeyValue } from "./open.ts";

/** Which Worker's storage a command works on. */
export interface TargetOptions {
  readonly remote?: boolean;
  readonly config?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** What `--config` says in every command that has it. */
export const CONFIG_HELP = "Wrangler configuration (default: wrangler.toml here, else the one of Signalbox)";

/** What `--state` says in every command that has it. */
export const STATE_HELP = "folder of the local KV and D1 (default: .wrangler/state)";

/** Gives a command the options that say which Worker's storage it works on. */
export function withTarget(command: Command): Command {
  return command
    .addOption(new Option("--local", "the Worker on this machine (the default)").conflicts("remote"))
    .option("--remote", "the one at Cloudflare, with Wrangler's login")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", STATE_HELP)
    .option("--json", "print one JSON document");
}

/** Opens the namespace for the work, and closes it whatever comes of it. */
export async function withKeyValue<T>(
  { remote, config, state }: Pick<TargetOptions, "remote" | "config" | "state">,
  work: (kv: KeyValue) => Promise<T>,
): Promise<T> {
  const kv = await openKeyValue({
    location: remote ? "remote" : "local",
    configPath: config,
    statePath: state,
  });
  try {
    return await work(kv);
  } finally {
    await kv.close();
  }
}
