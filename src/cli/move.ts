import type { Command } from "commander";
import { unwrap } from "./failure.ts";
import { describePointer } from "./kv/changes.ts";
import { promote, rollback } from "./kv/move.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { print, tell } from "./output.ts";

interface MoveOptions extends TargetOptions {
  readonly dryRun?: boolean;
}

/** `promote`: the canary becomes live for everyone. */
export function registerPromote(program: Command): void {
  withTarget(program.command("promote").description("make the canary live for everyone"))
    .option("--dry-run", "tell what would change, but write nothing")
    .addHelpText(
      "after",
      `
Examples:
  signalbox promote --remote --dry-run
  signalbox promote --remote`,
    )
    .action((options: MoveOptions) => move(promote, options));
}

/** `rollback`: ends the canary, or where none runs, returns to what was live before. */
export function registerRollback(program: Command): void {
  withTarget(
    program
      .command("rollback")
      .description("take the canary back, or where none runs, return to what was live before"),
  )
    .option("--dry-run", "tell what would change, but write nothing")
    .addHelpText(
      "after",
      `
Examples:
  signalbox rollback --remote --dry-run
  signalbox rollback --remote           again and again, as far back as \`status\` lists`,
    )
    .action((options: MoveOptions) => move(rollback, options));
}

async function move(
  how: typeof promote | typeof rollback,
  { dryRun = false, json, ...target }: MoveOptions,
): Promise<void> {
  const { pointer, done } = unwrap(await withKeyValue(target, (kv) => how(kv, new Date(), dryRun, tell)));
  const ending = dryRun ? "Dry run: nothing was written." : done;
  print(json ? JSON.stringify(pointer, null, 2) : [...describePointer(pointer), ending].join("\n"));
}
