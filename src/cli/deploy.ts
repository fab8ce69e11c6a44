import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { createApiKey } from "../contract/api-key.ts";
import { toHex } from "../core/hex.ts";
import { type DeployedWorker, openDeployedWorker } from "./cloudflare/deployed-worker.ts";
import { findConfiguration } from "./configuration.ts";
import { CommandFailure, unwrap } from "./failure.ts";
import { remoteKeyValue } from "./kv/remote.ts";
import { CONFIG_HELP } from "./kv/target-options.ts";
import { readLivePointer } from "./kv/upload.ts";
import { print, tell } from "./output.ts";
import { runWrangler, wranglerError } from "./run-wrangler.ts";
import { seed } from "./seed.ts";
import { shortIds } from "./short-ids.ts";

interface DeployOptions {
  readonly config?: string;
  readonly url?: string;
  readonly json?: boolean;
}

/** `deploy`: from a login at Cloudflare to a Worker that answers. */
export function registerDeploy(program: Command): void {
  program
    .command("deploy")
    .description(
      "put the Worker on Cloudflare: storage, secrets, tables, the bundled router, and a first decision",
    )
    .option("--config <file>", CONFIG_HELP)
    .option("--url <address>", "where the Worker answers, if Wrangler cannot tell")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Each step looks first at what is there already, so that it can be run again after any failure.

Example:
  npx wrangler login
  signalbox deploy`,
    )
    .action(deploy);
}

/** How long a new Worker may take to be found at its address, and to read what was published. */
const ANSWER_MS = 180_000;

async function deploy({ config, url, json }: DeployOptions): Promise<void> {
  const configPath = await findConfiguration(config, true);
  // Asked first: a login that is missing should not be noticed after a build.
  const worker = await openDeployedWorker(configPath);
  const step = steps(worker.hasDatabase ? 6 : 5);

  step("login", `account ${worker.account.id}`);
  // Wrangler shall not choose another account.
  const wrangler = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    runWrangler([...args, "--config", configPath], undefined, {
      ...variables,
      CLOUDFLARE_ACCOUNT_ID: worker.account.id,
    });
  const makeTables = async () => {
    await applyMigrations(wrangler);
    step("tables", "all migrations of D1 are applied");
  };
  // New code may need new tables, and earlier code does without them. The first deploy makes the database itself; nobody
  // has a key then.
  const hasTablesFirst = worker.hasDatabase && (await worker.isDatabaseMade("DB"));
  if (hasTablesFirst) await makeTables();
  const { address: deployed, startupMs } = await deployWorker(wrangler);
  const address = url ?? deployed;
  const startup = startupMs === undefined ? "" : `, starts in ${startupMs} ms`;
  step("Worker and storage", `${address ?? "deployed; it has no address on workers.dev"}${startup}`);
  if (worker.hasDatabase && !hasTablesFirst) await makeTables();
  const { key, told } = await setSecrets(worker);
  step("secrets", told);
  step("router", await publishRouter(worker));
  if (address === undefined) {
    step("first decision", "not asked for: name the Worker's address with --url");
    return;
  }
  const decision = await askForDecision(address, key);
  step("first decision", decision);
  if (json) print(JSON.stringify({ address, key: key ?? null, first_decision: decision }, null, 2));
  else
    print(
      `The router answers at ${address}. For chats give it a provider's key: npx wrangler secret put OPENAI_API_KEY`,
    );
}

type Wrangler = (
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
) => ReturnType<typeof runWrangler>;

function steps(count: number): (name: string, done: string) => void {
  let k = 0;
  return (name, done) => tell(`${++k}/${count}  ${name}: ${done}`);
}

/** What Cloudflare's refusals of a first deploy mean, by its codes. */
const hints: Readonly<Record<string, string>> = {
  "10089":
    "this account has not enabled Analytics Engine: enable it in the dashboard (Workers & Pages, Analytics Engine), or take [[analytics_engine_datasets]] out of wrangler.toml, which records no decisions then",
  "10063":
    "this account has no workers.dev subdomain yet: open Workers & Pages in the dashboard once, which makes one, or give the Worker a route",
  "10034": "verify the account's e-mail address first",
  "10027": "the Worker is larger than the account's plan takes; docs/deploy.md names smaller builds",
};

interface Deployed {
  /** The first one that Wrangler tells; undefined where the Worker has none. */
  readonly address: string | undefined;
  /** As Cloudflare measured it; undefined where it didn't say. */
  readonly startupMs: number | undefined;
}

async function deployWorker(wrangler: Wrangler): Promise<Deployed> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-deploy-"));
  const output = join(folder, "output.jsonl");
  try {
    const finished = await wrangler(["deploy"], { WRANGLER_OUTPUT_FILE_PATH: output });
    if (finished.code !== 0) {
      const said = wranglerError(finished.stderr);
      const hint = hints[/\[code: (\d+)\]/.exec(finished.stderr)?.[1] ?? ""];
      throw new CommandFailure({
        code: "deploy_failed",
        message: `wrangler could not deploy the Worker: ${said}${hint === undefined ? "" : `; ${hint}`}`,
      });
    }
    const entries = (await readFile(output, "utf8")).split("\n").filter((line) => line !== "");
    const deployed = entries.map((line) => JSON.parse(line)).find(({ type }) => type === "deploy");
    const [target] = (deployed?.targets ?? []) as readonly string[];
    const startup = /Worker Startup Time: (\d+) ms/.exec(finished.stdout.toString("utf8"))?.[1];
    return {
      address: target === undefined ? undefined : addressOf(target),
      startupMs: startup === undefined ? undefined : Number(startup),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of a target as Wrangler names them: an address, or a host with a remark. */
function addressOf(target: string): string {
  const [host = ""] = target.split(" ");
  return /^https?:/.test(host) ? host.replace(/\/+$/, "") : `https://${host.replace(/\/.*$/, "")}`;
}

async function applyMigrations(wrangler: Wrangler): Promise<void> {
  const finished = await wrangler(["d1", "migrations", "apply", "DB", "--remote"]);
  if (finished.code === 0) return;
  throw new CommandFailure({
    code: "migrations_failed",
    message: `wrangler could not make the tables of D1: ${wranglerError(finished.stderr)}`,
  });
}

/** Makes the first key and the secret that decisions are signed with, where the Worker has none; what is there stays. */
async function setSecrets({
  account,
  name,
  storedSecrets,
}: DeployedWorker): Promise<{ readonly key?: string; readonly told: string }> {
  const path = `/workers/scripts/${name}/secrets`;
  const there = new Set(
    (await account.ask<readonly { readonly name: string }[]>(path)).map((secret) => secret.name),
  );
  const put = (secret: string, text: string) =>
    account.ask(path, { method: "PUT", json: { name: secret, text, type: "secret_text" } });
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  if (!there.has("DECISION_SECRET")) await put("DECISION_SECRET", toHex(randomBytes(32)));
  if (storedSecrets.has("API_KEYS")) return { told: "API_KEYS comes from the Secrets Store" };
  if (there.has("API_KEYS")) return { told: "API_KEYS was set before and stays" };
  const { key, record } = unwrap(await createApiKey("first", randomBytes));
  // Before it is stored: a command that is ended in between must not leave a key that nobody knows.
  tell(`     the key of this Worker, shown only now: ${key}`);
  await put("API_KEYS", record);
  return { key, told: "API_KEYS knows the key above; DECISION_SECRET signs decisions" };
}

/** The bundled router, where nobody has published another one. */
async function publishRouter(worker: DeployedWorker): Promise<string> {
  const kv = await remoteKeyValue(worker);
  await seed(kv, { isLexical: worker.isLexical, onProgress: (line) => tell(`     ${shortIds(line)}`) });
  const live = await readLivePointer(kv);
  return `bundle ${live?.bundle.slice(0, 12)} of ${live?.source ?? "an unknown source"} is live`;
}

/** Waits until the Worker is found at its address and serves; then asks, with the key if it is at hand. */
async function askForDecision(address: string, key: string | undefined): Promise<string> {
  const end = Date.now() + ANSWER_MS;
  let state = "no answer";
  for (;;) {
    try {
      const health = await fetch(`${address}/health`, { signal: AbortSignal.timeout(30_000) });
      if (health.ok) break;
      state = `/health answers ${health.status}`;
      await health.body?.cancel();
    } catch (error) {
      state = (error as Error).message;
    }
    if (Date.now() > end) {
      throw new CommandFailure({
        code: "no_answer",
        message: `everything is in place, but ${address} does not serve yet (${state}); look at ${address}/health in a minute`,
      });
    }
    await sleep(Math.min(2_000, ANSWER_MS / 60));
  }
  if (key === undefined) return `${address}/health says ok; the key of the first deploy opens the rest`;
  const answer = await fetch(`${address}/v1/route`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ prompt: "What is 2 + 2?" }),
    signal: AbortSignal.timeout(60_000),
  });
  const body = (await answer.json()) as {
    readonly model?: string;
    readonly error?: { readonly message: string };
  };
  if (answer.ok) return `${body.model} would answer "What is 2 + 2?"`;
  throw new CommandFailure({
    code: "no_decision",
    message: `${address}/v1/route answers ${answer.status}: ${body.error?.message ?? "no words"}`,
  });
}
