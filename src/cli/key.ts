import { type Command, InvalidArgumentError } from "commander";
import { createApiKey, type Permission, permissions } from "../contract/api-key.ts";
import { WrongUsage } from "./failure.ts";
import { print, tell } from "./output.ts";

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
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Example:
  signalbox key my-app
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

async function makeKey(
  name: string,
  options: { readonly json?: boolean; readonly allow?: readonly Permission[] },
): Promise<void> {
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const made = await createApiKey(name, randomBytes, options.allow);
  if (!made.ok) throw new WrongUsage(made.failure.message);
  const { key, record } = made.value;
  if (options.json) {
    print(JSON.stringify({ key, record }));
    return;
  }
  print(`key     ${key}`);
  print(`record  ${record}`);
  tell(
    "The key is shown only now. Add the record to API_KEYS (npx wrangler secret put API_KEYS; records are separated by commas). To revoke the key, take its record out.",
  );
}
