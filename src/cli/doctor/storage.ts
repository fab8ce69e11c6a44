import type { Unstable_Config as Config } from "wrangler";
import { findConfiguration } from "../configuration.ts";
import { queryDatabase } from "../d1/query.ts";
import { NOTHING_PUBLISHED, readStatus } from "../kv/read-status.ts";
import { type TargetOptions, withKeyValue } from "../kv/target-options.ts";
import { attempt, type Check, failed, pass, skipped } from "./check.ts";

/** Tables that the migrations make. */
const TABLES = ["feedback", "decisions", "drift", "signals"];

/** The configuration, what is live in KV, and the tables of D1. */
export async function checkStorage(target: TargetOptions): Promise<readonly Check[]> {
  const { remote = false } = target;
  const next = remote ? "write a wrangler.toml with `signalbox init`" : "name another one with --config";
  let config: Config | undefined;
  const configuration = await attempt("configuration", next, async () => {
    const file = await findConfiguration(target.config, remote);
    const { unstable_readConfig: readConfig } = await import("wrangler");
    config = readConfig({ config: file }, { hideWarnings: true });
    return pass("configuration", file);
  });
  if (config === undefined) return [configuration];
  return [configuration, await checkKeyValue(target), await checkDatabase(target, config)];
}

async function checkKeyValue(target: TargetOptions): Promise<Check> {
  const { remote = false } = target;
  const where = remote ? "--remote" : "--local";
  const reach = remote
    ? "log in with `npx wrangler login`; `signalbox deploy` makes what is missing"
    : "name another --state";
  return attempt("KV", reach, async () => {
    const { pointer, faults, models, providers = [] } = await withKeyValue(target, readStatus);
    if (faults[0] === NOTHING_PUBLISHED && !remote) {
      return skipped("KV", "nothing is published on this machine yet", "`signalbox start` does it by itself");
    }
    const publish = `\`signalbox publish <dir> ${where}\` stores what is missing or damaged`;
    if (faults.length > 0) return failed("KV", faults.join("; "), publish);
    const hosts = [...new Set(providers.map(({ baseUrl }) => new URL(baseUrl).host))];
    const live = `bundle ${pointer?.bundle.slice(0, 12)} with ${models} models is live and intact`;
    return pass("KV", `${live}; prompts and keys go to ${hosts.join(", ")}`);
  });
}

async function checkDatabase(target: TargetOptions, config: Config): Promise<Check> {
  if (!config.d1_databases.some(({ binding }) => binding === "DB")) {
    return skipped("D1", "no database is bound as DB: no feedback, no decision log");
  }
  const { remote = false } = target;
  const migrate = `\`npx wrangler d1 migrations apply DB ${remote ? "--remote" : "--local"}\` makes the tables`;
  const reach = remote
    ? "log in with `npx wrangler login`; `signalbox deploy` makes what is missing"
    : migrate;
  return attempt("D1", reach, async () => {
    const names = TABLES.map((table) => `'${table}'`).join(", ");
    const [rows = []] = await queryDatabase(
      target,
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (${names})`,
    );
    const found = (rows as readonly { readonly name: string }[]).map(({ name }) => name);
    const missing = TABLES.filter((table) => !found.includes(table));
    if (missing.length === 0) return pass("D1", `tables ${TABLES.join(", ")}`);
    if (missing.length === TABLES.length && !remote && !isWanted(config)) {
      return skipped("D1", "no tables: feedback and the decision log are not set up here", migrate);
    }
    return failed("D1", `no table ${missing.join(", ")}`, migrate);
  });
}

/** Whether this Worker was told to write to the database. */
function isWanted({ vars }: Config): boolean {
  return vars["DECISION_LOG"] === "d1" || vars["DECISION_SECRET"] !== undefined;
}
