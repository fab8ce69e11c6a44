import { CloudflareRefusal } from "../cloudflare/account.ts";
import { openDeployedWorker } from "../cloudflare/deployed-worker.ts";
import { findConfiguration, stateFolder } from "../configuration.ts";
import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { runWrangler, wranglerFailure } from "../run-wrangler.ts";

/** The binding's name in wrangler.toml. */
export const D1_BINDING = "DB";

/** The rows of each statement, from the database on this machine or from the one at Cloudflare. */
export async function queryDatabase(
  target: TargetOptions,
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  return (await askDatabase(target, sql)).map(({ results }) => results);
}

/** The same with what D1 tells besides. */
export async function askDatabase({ remote, config, state }: TargetOptions, sql: string): Promise<Rows> {
  const file = await findConfiguration(config, remote ?? false);
  return remote ? queryRemote(file, sql) : queryLocal(file, stateFolder(file, state), sql);
}

async function queryRemote(configPath: string, sql: string): Promise<Rows> {
  const worker = await openDeployedWorker(configPath);
  const database = await worker.databasePath(D1_BINDING);
  try {
    return await worker.account.ask<Rows>(`${database}/query`, { method: "POST", json: { sql } });
  } catch (error) {
    const missing = error instanceof CloudflareRefusal ? missingFrom(error.message) : undefined;
    if (missing !== undefined) throw notMigrated(missing, "--remote");
    throw error;
  }
}

async function queryLocal(configPath: string, statePath: string, sql: string): Promise<Rows> {
  const finished = await runWrangler([
    ...["d1", "execute", D1_BINDING, "--command", sql, "--json"],
    ...["--local", "--config", configPath, "--persist-to", statePath],
  ]);
  const answer = parseAnswer(finished.stdout.toString("utf8"));
  if (finished.code === 0 && Array.isArray(answer)) return answer;
  const reason = (answer as Refusal | undefined)?.error?.text;
  const missing = missingFrom(reason ?? finished.stderr);
  if (missing !== undefined) throw notMigrated(missing, "--local");
  throw wranglerFailure("read D1", reason === undefined ? finished : { stderr: reason });
}

export function missingFrom(refusal: string): "table" | "column" | undefined {
  return /no such (table|column)/.exec(refusal)?.[1] as "table" | "column" | undefined;
}

export function notMigrated(missing: "table" | "column", where: "--local" | "--remote"): CommandFailure {
  const state = missing === "table" ? "has no tables yet" : "has tables of an earlier version";
  return new CommandFailure({
    code: "no_tables",
    message: `the database ${state}: npx wrangler d1 migrations apply ${D1_BINDING} ${where}`,
  });
}

type Rows = readonly {
  readonly results: readonly unknown[];
  /** Bytes of the whole database, which a local one does not tell. */
  readonly meta?: { readonly size_after?: number };
}[];
interface Refusal {
  readonly error?: { readonly text?: string };
}

/**
 * What `wrangler d1 execute --json` prints, after notices that it may print before; undefined where it failed before it
 * got so far.
 */
export function parseAnswer(text: string): Rows | Refusal | undefined {
  const start = text.search(/^[[{]/m);
  try {
    return JSON.parse(text.slice(Math.max(0, start)));
  } catch {
    return undefined;
  }
}
