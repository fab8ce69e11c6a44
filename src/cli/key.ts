import { type Command, InvalidArgumentError, Option } from "commander";
import { createApiKey, type Permission, permissions } from "../contract/api-key.ts";
import { type KeyLimits, writeKeyLimits } from "../contract/key-limits.ts";
import { unwrap, WrongUsage } from "./failure.ts";
import { addKey, readKeys, revokeKey } from "./kv/keys.ts";
import { CONFIG_HELP, STATE_HELP, type TargetOptions, withKeyValue } from "./kv/target-options.ts";
import { print, tell } from "./output.ts";
import { parsePositive, parseWholeNumber } from "./parse-number.ts";

/** `key <name>`: a new API key, and the record of it, which goes into the Worker's KV or the secret API_KEYS. */
export function registerKey(program: Command): void {
  program
    .command("key")
    .description(
      "make an API key and store its record in the Worker's KV; or print it for the secret API_KEYS",
    )
    .argument("[name]", "who or what will use it: lower-case letters, digits, hyphens")
    .addOption(
      new Option(
        "--remote",
        "store the record for the Worker at Cloudflare, with Wrangler's login",
      ).conflicts("local"),
    )
    .option("--local", "store the record for the Worker on this machine")
    .addOption(new Option("--revoke", "take the record out of KV again").conflicts("list"))
    .option("--list", "name the keys whose records stand in KV")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", STATE_HELP)
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
Examples:
  signalbox key my-app --remote
  signalbox key my-app --revoke --remote
  signalbox key --list --remote
  signalbox key shop --remote --allow chat --models "gpt-*,gemini-3-flash" --max-usd 0.01 --max-tokens 2000 --max-answers 1
  signalbox key first                   # only prints the record
  npx wrangler secret put API_KEYS      # asks for such records, separated by commas`,
    )
    .action(key);
}

interface KeyOptions extends KeyLimits, TargetOptions {
  readonly local?: boolean;
  readonly revoke?: boolean;
  readonly list?: boolean;
  readonly allow?: readonly Permission[];
}

async function key(name: string | undefined, options: KeyOptions): Promise<void> {
  const { remote, local, revoke, list } = options;
  const isStored = remote === true || local === true;
  if ((revoke || list) && !isStored) throw new WrongUsage("say where: --remote or --local");
  if (list) return listKeys(options);
  if (name === undefined) throw new WrongUsage("say for whom the key is: `signalbox key my-app`");
  if (!revoke) return makeKey(name, options, isStored);
  unwrap(await withKeyValue(options, (kv) => revokeKey(kv, name, tell)));
  if (options.json) print(JSON.stringify({ revoked: name }));
  else print(`revoked  ${name}: within two minutes it opens nothing any more`);
}

async function listKeys(options: TargetOptions): Promise<void> {
  const { records } = unwrap(await withKeyValue(options, readKeys));
  const keys = [...records.values()].map(({ name, allows, limits }) => ({
    name,
    allows: [...allows],
    limits,
  }));
  if (options.json) return print(JSON.stringify({ keys }, null, 2));
  for (const { name, allows, limits } of keys) {
    print(
      `${name}  ${allows.length === permissions.length ? "everything" : allows.join(",")}  ${writeKeyLimits(limits)}`.trimEnd(),
    );
  }
  tell(`${keys.length} in KV; those of the secret API_KEYS cannot be read back`);
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

async function makeKey(name: string, options: KeyOptions, isStored: boolean): Promise<void> {
  const { json, allow, remote, local, revoke, list, config, state, ...limits } = options;
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const made = await createApiKey(name, randomBytes, allow, limits);
  if (!made.ok) throw new WrongUsage(made.failure.message);
  const { key, record } = made.value;
  if (json && !isStored) return print(JSON.stringify({ key, record }));
  if (!json) {
    // Before it is stored: a command that is ended in between must not leave a key that nobody knows.
    print(`key     ${key}`);
    print(`record  ${record}`);
  }
  if (!isStored) {
    return tell(
      "The key is shown only now. `--remote` stores the record for you; or add it to API_KEYS (npx wrangler secret put API_KEYS; records are separated by commas). To revoke the key, take its record out.",
    );
  }
  unwrap(await withKeyValue(options, (kv) => addKey(kv, name, record, tell)));
  if (json) print(JSON.stringify({ key, record, stored: true }));
  else tell("The key is shown only now. It is stored, and opens the Worker within two minutes.");
}
