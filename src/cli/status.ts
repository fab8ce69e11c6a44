import type { Command } from "commander";
import { type LearningRun, readLearningHistory } from "./d1/learning-history.ts";
import { describeProvider } from "./kv/provider-addresses.ts";
import { readStatus, type Status } from "./kv/read-status.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { describeJudgment } from "./learn.ts";
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
      const live = await withKeyValue(options, readStatus);
      // Only a bundle that was learned has a history, and a database that it is in.
      const found: Status =
        live.pointer?.base === undefined ? live : { ...live, learned: await readLearningHistory(options) };
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
  learned = [],
}: Status): string {
  const lines: string[] = [];
  if (pointer !== null) {
    const counts = models === undefined ? "" : `, ${models} models, ${tasks} tasks`;
    lines.push(
      `bundle     ${pointer.bundle}${counts}`,
      `catalogue  ${pointer.catalogue}${pricesAsOf === undefined ? "" : `, prices as of ${pricesAsOf}`}`,
      `encoder    ${pointer.encoder}`,
      ...(pointer.base === undefined ? [] : [`base       ${pointer.base}, what was learned from`]),
      `published  ${pointer.published_at}${pointer.source === undefined ? "" : ` from ${pointer.source}`}`,
      ...(pointer.canary === undefined
        ? []
        : [`canary     ${pointer.canary.bundle}, ${pointer.canary.percent} % of conversations`]),
      ...(pointer.shadow === undefined ? [] : [`shadow     ${pointer.shadow.bundle}`]),
      ...providers.map((provider) => `provider   ${describeProvider(provider)}`),
      ...pointer.previous.map(({ bundle, published_at }) => `before     ${bundle}, ${published_at}`),
    );
  }
  lines.push(...learned.map((run) => `learned    ${describeRun(run)}`));
  lines.push(...leaving.map((sentence) => `leaves     ${sentence}`));
  return [...lines, ...faults.map((fault) => `fault      ${fault}`)].map(printable).join("\n");
}

function describeRun({ started_at, stage, bundle, reason, figures }: LearningRun): string {
  const what = [started_at, stage.replace("_", " "), bundle ?? ""].filter((part) => part !== "").join(" ");
  const judged = figures?.judgment === undefined ? [] : [describeJudgment(figures.judgment)];
  return [what, ...(reason === null ? judged : [reason])].join(": ");
}
