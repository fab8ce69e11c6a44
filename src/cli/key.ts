import { type Command, InvalidArgumentError } from "commander";
import { createApiKey, type Permission, permissions } from "../contract/api-key.ts";
import type { KeyLimits } from "../contract/key-limits.ts";
import { WrongUsage } from "./failure.ts";
import { print, tell } from "./output.ts";
import { parsePositive, parseWholeNumber } from "./parse-number.ts";

/** `key <name>`: a new API key, and the record of it that goes into the secret API_KEYS. */
export function registerKey(program: Command): void {
  program
    .command("key")
    .description("make an API key and its record for the secret API_KEYS")
    .argument("<name>", "who or what will use it: lower-case letters, digits, hyphens")
    .option(
      "--allow <list>",
      `limit it to some of ${permissions.join(",")}; all without this`,
      parsePermissions,
    )
    .option("--models <list>", "names and wildcards of the models that it may use", parseList)
    .option("--max-usd <number>", "what one request may be expected to cost", parsePositive)
    .option("--max-tokens <number>", "longest answer; completions must then say theirs", parseWholeNumber(1))
    .option("--max-answers <number>", "most answers of one request (n)", parseWholeNumber(1))
    .option(
      "--prompts-per-minute <number>",
      "prompts and answers a minute; each isolate counts by itself",
      parseWholeNumber(1),
    )
    .option("--fields <list>", "fields of completions beside model, messages, stream and lengths", parseList)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  signalbox key my-app
  signalbox key shop --allow chat --models "gpt-*,gemini-3-flash" --max-usd 0.01 --max-tokens 2000 --max-answers 1
  npx wrangler secret put API_KEYS      # asks for the records, separated by commas`,
    )
    .action(makeKey);
}

function parsePermissions(list: string): readonly Permission[] {
  const asked = [...new Set(list.split(","))];
  const known: readonly string[] = permissions;
  if (!asked.every((name): name is Permission => known.includes(name)))
    throw new InvalidArgumentError(`It must be some of ${permissions.join(",")}.`);
  return asked;
}

function parseList(text: string): readonly string[] {
  return text.split(",").filter((word) => word !== "");
}

async function makeKey(
  name: string,
  { json, allow, ...limits }: KeyLimits & { readonly json?: boolean; readonly allow?: readonly Permission[] },
): Promise<void> {
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const made = await createApiKey(name, randomBytes, allow, limits);
  if (!made.ok) throw new WrongUsage(made.failure.message);
  const { key, record } = made.value;
  if (json) {
    print(JSON.stringify({ key, record }));
    return;
  }
  print(`key     ${key}`);
  print(`record  ${record}`);
  tell(
    "The key is shown only now. Add the record to API_KEYS (npx wrangler secret put API_KEYS; records are separated by commas). To revoke the key, take its record out.",
  );
}
