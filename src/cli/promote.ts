import type { Command } from "commander";
import { unwrap } from "./failure.ts";
import { describePointer } from "./kv/changes.ts";
import { promote } from "./kv/move.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";

interface PromoteOptions extends TargetOptions {
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
    .action(async (options: PromoteOptions) => {
      const { pointer, done } = unwrap(
        await withKeyValue(options, (kv) => promote(kv, new Date(), options.dryRun ?? false)),
      );
      if (options.json) console.log(JSON.stringify(pointer, null, 2));
      else {
        const ending = options.dryRun ? ["Dry run: nothing was written."] : [done];
        console.log([...describePointer(pointer), ...ending].join("\n"));
      }
    });
}
