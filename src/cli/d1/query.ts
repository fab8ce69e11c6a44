import { findConfiguration } from "../configuration.ts";
import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { lastLines, runWrangler } from "../run-wrangler.ts";

/** The binding's name in wrangler.toml. */
const D1_BINDING = "DB";

/** Runs SQL through the `wrangler` command with its login; the rows of each statement. */
export async function queryDatabase(
  { remote, config, state }: TargetOptions,
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  const file = await findConfiguration(config, remote ?? false);
  const args = ["d1", "execute", D1_BINDING, "--command", sql, "--json", "--config", file];
  args.push(remote ? "--remote" : "--local");
  if (!remote && state !== undefined) args.push("--persist-to", state);
  const { code, stdout, stderr } = await runWrangler(args);
  const answer = parseAnswer(stdout.toString("utf8"));
  if (code === 0 && Array.isArray(answer)) return answer.map(({ results }) => results);
  const message = answer?.error?.text ?? lastLines(stderr || stdout.toString("utf8"));
  if (/no such table/.test(message)) {
    throw new CommandFailure({
      code: "no_tables",
      message: `the database has no tables yet: npx wrangler d1 migrations apply ${D1_BINDING} ${remote ? "--remote" : "--local"}`,
    });
  }
  throw new CommandFailure({
    code: "database_unreadable",
    message: `wrangler could not read D1: ${message}`,
  });
}

// biome-ignore lint/suspicious/noExplicitAny: Wrangler's own output, either a list of results or an error
function parseAnswer(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
