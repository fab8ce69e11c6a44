import { type Command, Option } from "commander";
import { openKeyValue } from "./kv/open.ts";
import { readStatus, type Status } from "./kv/read-status.ts";
import { CONFIG_HELP } from "./kv/target-options.ts";

interface StatusOptions {
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly config?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** `status`: what is live in KV, and whether all of it is there and intact. */
export function registerStatus(program: Command): void {
  program
    .command("status")
    .description("tell what is live in KV and whether it is complete")
    .addOption(new Option("--local", "the KV of a local Worker (the default)").conflicts("remote"))
    .option("--remote", "Cloudflare, with Wrangler's login")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", "folder of the local KV (default: .wrangler/state)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  signalbox status
  signalbox status --remote --json`,
    )
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const kv = await openKeyValue({
    location: options.remote ? "remote" : "local",
    configPath: options.config,
    statePath: options.state,
  });
  try {
    const found = await readStatus(kv);
    console.log(options.json ? JSON.stringify(found, null, 2) : describe(found));
    if (found.faults.length > 0) process.exitCode = 1;
  } finally {
    await kv.close();
  }
}

function describe({ pointer, faults, models, tasks, pricesAsOf }: Status): string {
  const lines: string[] = [];
  if (pointer !== null) {
    const counts = models === undefined ? "" : `, ${models} models, ${tasks} tasks`;
    lines.push(
      `bundle     ${pointer.bundle}${counts}`,
      `catalogue  ${pointer.catalogue}${pricesAsOf === undefined ? "" : `, prices as of ${pricesAsOf}`}`,
      `encoder    ${pointer.encoder}`,
      `published  ${pointer.published_at}${pointer.source === undefined ? "" : ` from ${pointer.source}`}`,
      ...(pointer.canary === undefined
        ? []
        : [`canary     ${pointer.canary.bundle}, ${pointer.canary.percent} % of conversations`]),
      ...(pointer.shadow === undefined ? [] : [`shadow     ${pointer.shadow.bundle}`]),
      ...pointer.previous.map(({ bundle, published_at }) => `before     ${bundle}, ${published_at}`),
    );
  }
  return [...lines, ...faults.map((fault) => `fault      ${fault}`)].join("\n");
}
