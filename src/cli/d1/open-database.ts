import type { LearningDatabase, LearningStatement } from "../../learning/ports.ts";
import { openDeployedWorker } from "../cloudflare/deployed-worker.ts";
import { findConfiguration, stateFolder } from "../configuration.ts";
import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../kv/target-options.ts";
import { D1_BINDING } from "./query.ts";

/** Opens the Worker's database with statements that take values, for the work, and closes it whatever comes of it. */
export async function withDatabase<T>(
  { remote, config, state }: TargetOptions,
  work: (database: LearningDatabase) => Promise<T>,
): Promise<T> {
  const file = await findConfiguration(config, remote ?? false);
  if (remote) return work(await remoteDatabase(file));
  const { getPlatformProxy } = await import("wrangler");
  const proxy = await getPlatformProxy<Record<string, LearningDatabase>>({
    configPath: file,
    persist: { path: `${stateFolder(file, state)}/v3` },
  });
  try {
    const database = proxy.env[D1_BINDING];
    if (database !== undefined) return await work(database);
    throw new CommandFailure({
      code: "no_database",
      message: `${file} binds no D1 database as ${D1_BINDING}; \`signalbox init\` writes one that does`,
    });
  } finally {
    await proxy.dispose();
  }
}

interface Bound {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

type Answers = Awaited<ReturnType<LearningDatabase["batch"]>>;

/** The same through Cloudflare's API. */
async function remoteDatabase(configPath: string): Promise<LearningDatabase> {
  const worker = await openDeployedWorker(configPath);
  const path = `${await worker.databasePath(D1_BINDING)}/query`;
  const boundOf = new WeakMap<LearningStatement, Bound>();
  const ask = (json: object) => worker.account.ask<Answers>(path, { method: "POST", json });
  const statement = (bound: Bound): LearningStatement => {
    const run = async () => (await ask(bound))[0] as Answers[number];
    const made = {
      bind: (...params: Bound["params"]) => statement({ ...bound, params }),
      run,
      all: run,
    };
    boundOf.set(made, bound);
    return made;
  };
  return {
    prepare: (sql) => statement({ sql, params: [] }),
    batch: (statements) => ask({ batch: statements.map((each) => boundOf.get(each)) }),
  };
}
