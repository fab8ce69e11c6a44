import type { Command } from "commander";
import { describeProvider } from "./kv/provider-addresses.ts";
import { readStatus, type Status } from "./kv/read-status.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { shortIds } from "./short-ids.ts";
import { printable } from "./terminal.ts";

/** `status`: what is live in KV, and whether all of it is there and intact. */
export function registerStatus(program: Command): void {
  withTarget(program.command("status").description("tell what is live in KV and whether it is complete"))
    .addHelpText(
      "after",
      `
Examples:
  signalbox status
  signalbox status --remote --json`,
    )
    .action(async (options: TargetOptions) => {
      const found = await withKeyValue(options, readStatus);
      print(options.json ? JSON.stringify(found, null, 2) : shortIds(describe(found)));
      if (found.faults.length > 0) process.exitCode = 1;
    });
}

function describe({
  pointer,
  faults,
  models,
  tasks,
  pricesAsOf,
  providers = [],
  leaving = [],
}: Status): string {
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
      ...providers.map((provider) => `provider   ${describeProvider(provider)}`),
      ...pointer.previous.map(({ bundle, published_at }) => `before     ${bundle}, ${published_at}`),
    );
  }
  lines.push(...leaving.map((sentence) => `leaves     ${sentence}`));
  return [...lines, ...faults.map((fault) => `fault      ${fault}`)].map(printable).join("\n");
}
