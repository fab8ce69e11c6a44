import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parsePointer } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { type CloudflareStandIn, startCloudflareStandIn } from "../operations/cloudflare-stand-in.ts";
import { variantBundle } from "../operations/variant-bundle.ts";

// `npm run first-deploy`: the five commands of docs/deploy.md in a clean clone of what is committed, timed, against a
// stand-in for Cloudflare's API that runs the uploaded Worker for real; and a second deploy that is killed after each of
// its steps and started again. Ends with 1 where a command fails or the last decision doesn't come.

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "signalbox-first-deploy-"));
const clone = join(folder, "signalbox");
const { PATH = "", HOME = "", npm_config_registry } = process.env;
const environment = {
  PATH,
  HOME,
  ONNXRUNTIME_NODE_INSTALL: "skip",
  ...(npm_config_registry === undefined ? {} : { npm_config_registry }),
};

interface Finished {
  readonly code: number | null;
  readonly told: string;
}

/** Runs a command in the clone as a group of its own; `isOver` sees each line, and where it says so all of it is killed. */
function run(
  line: string,
  variables: Readonly<Record<string, string>> = {},
  isOver: (line: string) => boolean = () => false,
): Promise<Finished> {
  const [command = "", ...args] = line.split(" ");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: clone,
      env: { ...environment, ...variables },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let told = "";
    const look = (chunk: Buffer) => {
      told += chunk.toString("utf8");
      if (told.split("\n").some(isOver) && child.exitCode === null && child.pid !== undefined) {
        process.kill(-child.pid, "SIGKILL");
      }
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, told }));
  });
}

async function timed(line: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const begun = performance.now();
  const { code, told } = await run(line, variables);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${seconds.padStart(6)} s  ${line}${code === 0 ? "" : `  ended with ${code}:\n${told}`}`);
  if (code !== 0) process.exitCode = 1;
  return told;
}

const keyIn = (told: string) => /shown only now: (sb_\S+)/.exec(told)?.[1];

async function fiveCommands({ environment: login, account, origin }: CloudflareStandIn): Promise<void> {
  await timed("npm install");
  console.log("       -    npx wrangler login: a token in the environment stands for it");
  const told = await timed(`npm run -s deploy -- --url ${origin}`, login);
  await timed("npm run -s signalbox -- publish models/default --remote", login);
  await publishAgainstLag({ environment: login, account });
  const doctor = `npm run -s signalbox -- doctor --remote --url ${origin}`;
  console.log(await timed(doctor, { ...login, SIGNALBOX_KEY: keyIn(told) ?? "" }));
}

/** A new bundle each time, whose writes KV shows only later: bundle and pointer, one after the other. */
async function publishAgainstLag({
  environment: login,
  account,
}: Pick<CloudflareStandIn, "environment" | "account">): Promise<void> {
  const models = join(clone, "models/default");
  const bundle = new Uint8Array(await readFile(join(models, "bundle.safetensors")));
  for (const seconds of [20, 60]) {
    const router = `lag-${seconds}`;
    await mkdir(join(clone, router));
    const renamed = variantBundle(bundle, (document) => {
      document["name"] = router;
    });
    await writeFile(join(clone, router, "bundle.safetensors"), renamed);
    await cp(join(models, "catalogue.json"), join(clone, router, "catalogue.json"));
    // What was written before has settled.
    for (const [name, value] of account.values) account.values.set(name, { ...value, at: 0 });
    account.lagMs = seconds * 1000;
    await timed(`npm run -s signalbox -- publish ${router} --remote`, login);
    account.lagMs = 0;
    const live = parsePointer(account.values.get("active")?.bytes ?? new Uint8Array());
    if (!live.ok || live.value.bundle !== (await checksumOf(renamed)))
      throw new Error(`${router} is not live`);
  }
  // Its content is there, so that it writes the pointer alone, and this time that is lost.
  account.lostWrites = 1;
  const { code, told } = await run("npm run -s signalbox -- publish lag-20 --remote", login);
  if (code !== 1 || !told.includes("reads back differently"))
    throw new Error(`a lost write: ${code}\n${told}`);
  console.log("       -    a publish whose last write is lost ends with 1 and says so");
}

const STEPS = ["login:", "Worker and storage:", "tables:", "secrets:", "router:"];

/** On one account: each deploy begins with what the one before has left. */
async function killedAfterEachStep({ environment: login, origin }: CloudflareStandIn): Promise<void> {
  let key: string | undefined;
  for (const step of STEPS) {
    const { code, told } = await run(`npm run -s deploy -- --url ${origin}`, login, (line) =>
      line.includes(step),
    );
    if (code !== null)
      throw new Error(`it was to be killed after "${step}", and ended with ${code}:\n${told}`);
    key = keyIn(told) ?? key;
  }
  const { code, told } = await run(`npm run -s deploy -- --url ${origin}`, login);
  key = keyIn(told) ?? key;
  const answer = await fetch(`${origin}/v1/route`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ prompt: "How many divisors does 360 have?" }),
  });
  if (code !== 0 || !answer.ok) throw new Error(`${answer.status} ${await answer.text()}\n${told}`);
  console.log(`killed after each of ${STEPS.length} steps and started again: it decides`);
}

const accounts: CloudflareStandIn[] = [];
async function newAccount(): Promise<CloudflareStandIn> {
  const account = await startCloudflareStandIn();
  accounts.push(account);
  return account;
}
try {
  await promisify(execFile)("git", ["clone", "-q", root, clone]);
  console.log(`load ${(loadavg()[0] ?? 0).toFixed(1)} on ${availableParallelism()} processors`);
  await fiveCommands(await newAccount());
  await killedAfterEachStep(await newAccount());
} finally {
  for (const account of accounts) await account.stop();
  await rm(folder, { recursive: true, force: true });
}
