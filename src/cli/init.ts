import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { writeWhole } from "../outcomes/write-whole.ts";
import { configurationFor } from "./configuration.ts";
import { CommandFailure } from "./failure.ts";
import { print } from "./output.ts";

/** `init [dir]`: the configuration of a Worker of one's own, which only names the installation's files. */
export function registerInit(program: Command): void {
  program
    .command("init")
    .description("write a wrangler.toml for a Worker of your own")
    .argument("[dir]", "folder to write it to", ".")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  signalbox init
  signalbox deploy       # makes the KV namespace and the database, and answers`,
    )
    .action(init);
}

async function init(folder: string, { json }: { readonly json?: boolean }): Promise<void> {
  const file = join(folder, "wrangler.toml");
  if (existsSync(file)) {
    throw new CommandFailure({ code: "file_exists", message: `${file} is there already and was left alone` });
  }
  await writeWhole(file, await configurationFor(folder));
  await ignoreSecrets(folder);
  if (json) print(JSON.stringify({ file }));
  else
    print(
      `${file} written. \`signalbox start\` serves it here; \`signalbox deploy\` puts it on Cloudflare, with its KV namespace and database.`,
    );
}

/** Names that git is not to take: providers' keys, and the state of the local Worker. */
const IGNORED = [".dev.vars*", ".env*", ".wrangler/", ".signalbox/"];

/** What stands in .gitignore stays; only what is missing is added. */
async function ignoreSecrets(folder: string): Promise<void> {
  const file = join(folder, ".gitignore");
  const before = existsSync(file) ? await readFile(file, "utf8") : "";
  const lines = before.split(/\r?\n/).map((line) => line.trim().replace(/^\//, ""));
  const missing = IGNORED.filter((name) => !lines.includes(name) && !lines.includes(name.replace(/\/$/, "")));
  if (missing.length === 0) return;
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  await writeWhole(file, `${before}${separator}${missing.join("\n")}\n`);
}
