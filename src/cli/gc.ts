import type { Command } from "commander";
import { unwrap } from "./failure.ts";
import { findGarbage } from "./kv/collect-garbage.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { print } from "./output.ts";
import { shortIds } from "./short-ids.ts";

interface GarbageOptions extends TargetOptions {
  readonly delete?: boolean;
}

/** `gc`: tells, and with --delete removes, content in KV that nothing refers to any more. */
export function registerGarbageCollection(program: Command): void {
  withTarget(
    program
      .command("gc")
      .description("list content in KV that neither the pointer nor its earlier states name"),
  )
    .option("--delete", "delete it; not while a publish is running")
    .addHelpText(
      "after",
      `
Examples:
  signalbox gc --remote                 what could go
  signalbox gc --remote --delete`,
    )
    .action(async (options: GarbageOptions) => {
      const keys = await withKeyValue(options, async (kv) => {
        const found = unwrap(await findGarbage(kv, new Date()));
        for (const key of options.delete ? found : []) await kv.delete(key);
        return found;
      });
      if (options.json) {
        print(JSON.stringify({ deleted: options.delete ?? false, keys }, null, 2));
        return;
      }
      const count = `${keys.length} unreferenced ${keys.length === 1 ? "key" : "keys"}`;
      const ending = options.delete
        ? `${count} deleted.`
        : `${count}.${keys.length > 0 ? " `gc --delete` deletes them." : ""}`;
      print(shortIds([...keys, ending].join("\n")));
    });
}
