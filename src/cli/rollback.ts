import type { Command } from "commander";
import { unwrap } from "./failure.ts";
import { describePointer } from "./kv/changes.ts";
import { rollback } from "./kv/move.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";

interface RollbackOptions extends TargetOptions {
  readonly dryRun?: boolean;
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
    .action(async (options: RollbackOptions) => {
      const { pointer, done } = unwrap(
        await withKeyValue(options, (kv) => rollback(kv, new Date(), options.dryRun ?? false)),
      );
      if (options.json) console.log(JSON.stringify(pointer, null, 2));
      else {
        const ending = options.dryRun ? ["Dry run: nothing was written."] : [done];
        console.log([...describePointer(pointer), ...ending].join("\n"));
      }
    });
}
