import { findConfiguration, stateFolder } from "../configuration.ts";
import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { runWrangler, wranglerFailure } from "../run-wrangler.ts";

/** The binding's name in wrangler.toml. */
const D1_BINDING = "DB";

/** Runs SQL through the `wrangler` command with its login; the rows of each statement. */
export async function queryDatabase(
  target: TargetOptions,
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  return (await askDatabase(target, sql)).map(({ results }) => results);
}

/** The same with what D1 tells besides. */
export async function askDatabase({ remote, config, state }: TargetOptions, sql: string): Promise<Rows> {
  const file = await findConfiguration(config, remote ?? false);
  const args = ["d1", "execute", D1_BINDING, "--command", sql, "--json", "--config", file];
  args.push(remote ? "--remote" : "--local");
  if (!remote) args.push("--persist-to", stateFolder(file, state));
  const finished = await runWrangler(args);
  const answer = parseAnswer(finished.stdout.toString("utf8"));
  if (finished.code === 0 && Array.isArray(answer)) return answer;
  const reason = (answer as Refusal | undefined)?.error?.text;
  if (/no such table/.test(reason ?? finished.stderr)) {
    throw new CommandFailure({
      code: "no_tables",
      message: `the database has no tables yet: npx wrangler d1 migrations apply ${D1_BINDING} ${remote ? "--remote" : "--local"}`,
    });
  }
  throw wranglerFailure("read D1", reason === undefined ? finished : { stderr: reason });
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
