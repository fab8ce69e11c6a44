import type { Unstable_Config as Config } from "wrangler";
import { CommandFailure } from "../failure.ts";
import { type Account, CloudflareRefusal, openAccount } from "./account.ts";

/** The Worker that a configuration names, at Cloudflare, and the storage that it is bound to. */
export interface DeployedWorker {
  readonly account: Account;
  readonly name: string;
  /** Whether the configuration binds a database as DB. */
  readonly hasDatabase: boolean;
  /** Names of secrets that the configuration binds from a Secrets Store. */
  readonly storedSecrets: ReadonlySet<string>;
  /** Whether it asks for the encoder of words alone. */
  readonly isLexical: boolean;
  /** Path of the KV namespace that is bound by this name, below the account. */
  namespacePath(binding: string): Promise<string>;
  /** Path of the D1 database that is bound by this name, below the account. */
  databasePath(binding: string): Promise<string>;
  /** Whether there is that database, or the next deploy makes it. */
  isDatabaseMade(binding: string): Promise<boolean>;
}

/** Cloudflare's code for a Worker that isn't there. */
const NO_SUCH_WORKER = 10007;

type Bound = { readonly binding: string };

interface Binding {
  readonly type: string;
  readonly name: string;
  readonly namespace_id?: string;
  readonly id?: string;
}

/**
 * Wrangler makes the storage at the first deploy and leaves its ids out of a file with comments. So where the
 * configuration has none, the Worker itself is asked what it is bound to.
 */
export async function openDeployedWorker(configPath: string): Promise<DeployedWorker> {
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const config = readConfig({ config: configPath }, { hideWarnings: true });
  const name = config.name;
  if (name === undefined) {
    throw new CommandFailure({ code: "no_name", message: `${configPath} gives the Worker no \`name\`` });
  }
  const account = await openAccount({ accountId: config.account_id, environment: process.env });
  let bindings: Promise<readonly Binding[]> | undefined;
  const bound = async (type: string, binding: string) => {
    bindings ??= readBindings(account, name);
    const found = (await bindings).find((each) => each.type === type && each.name === binding);
    if (found !== undefined) return found;
    throw new CommandFailure({
      code: "not_bound",
      message: `the deployed Worker ${name} is bound to nothing as ${binding}; ${configPath} must bind it, then \`npx wrangler deploy\``,
    });
  };
  return {
    account,
    name,
    hasDatabase: config.d1_databases.some(({ binding }: Bound) => binding === "DB"),
    storedSecrets: new Set(config.secrets_store_secrets.map(({ binding }: Bound) => binding)),
    isLexical: config.vars["ENCODER_BACKEND"] === "lexical",
    async namespacePath(binding) {
      const id = idOf(config, "kv", binding) ?? (await bound("kv_namespace", binding)).namespace_id;
      return `/storage/kv/namespaces/${id}`;
    },
    async databasePath(binding) {
      const id = idOf(config, "d1", binding) ?? (await bound("d1", binding)).id;
      return `/d1/database/${id}`;
    },
    async isDatabaseMade(binding) {
      if (idOf(config, "d1", binding) !== undefined) return true;
      const wanted = databaseName(config, binding);
      const found = await account.ask<readonly { readonly name: string }[]>(
        `/d1/database?${new URLSearchParams({ name: wanted })}`,
      );
      return found.some((database) => database.name === wanted);
    },
  };
}

/** By which Wrangler finds the database, and makes it where there is none. */
function databaseName(config: Config, binding: string): string {
  const bound = config.d1_databases.find((each: Bound) => each.binding === binding);
  return bound?.database_name ?? `${config.name}-${binding.toLowerCase().replaceAll("_", "-")}`;
}

function idOf(config: Config, kind: "kv" | "d1", binding: string): string | undefined {
  return kind === "kv"
    ? config.kv_namespaces.find((each: Bound) => each.binding === binding)?.id
    : config.d1_databases.find((each: Bound) => each.binding === binding)?.database_id;
}

async function readBindings(account: Account, name: string): Promise<readonly Binding[]> {
  try {
    const { bindings } = await account.ask<{ readonly bindings: readonly Binding[] }>(
      `/workers/scripts/${name}/settings`,
    );
    return bindings;
  } catch (error) {
    if (!(error instanceof CloudflareRefusal) || error.cloudflareCode !== NO_SUCH_WORKER) throw error;
    throw new CommandFailure({
      code: "not_deployed",
      message: `the Worker ${name} isn't deployed yet: \`signalbox deploy\` does it, and makes its storage`,
    });
  }
}
