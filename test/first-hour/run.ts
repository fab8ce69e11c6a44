import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { ownResults, withProvider } from "./own-models.ts";

// `npm run first-hour`: what somebody waits for who follows the README in a clean clone of what is committed: the first
// decision, the first chat through a key from the environment, a router of their own. Ends with 1 where one takes longer
// than it may on two cores: by the clock, or, where the machine has other work too, by the processors' time.
const MOST_SECONDS = { decision: 180, chat: 240, router: 480 };

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "signalbox-hour-"));
const clone = join(folder, "signalbox");
const run = promisify(execFile);
const began = performance.now();

/** As in a shell of somebody's own, where nothing is set. */
const { PATH = "", HOME = "", npm_config_registry } = process.env;
const environment = { PATH, HOME, ...(npm_config_registry === undefined ? {} : { npm_config_registry }) };

interface Running {
  readonly origin: string;
  readonly stop: () => Promise<void>;
}

function npm(...args: readonly string[]) {
  return run("npm", args, { cwd: clone, env: environment });
}

async function start(variables: Readonly<Record<string, string>> = {}): Promise<Running> {
  // A group of its own, so that npm, the command and workerd end together.
  const child: ChildProcess = spawn("npm", ["start", "--", "--port", "0"], {
    cwd: clone,
    detached: true,
    env: { ...environment, ...variables },
  });
  const origin = await new Promise<string>((resolve, reject) => {
    let shown = "";
    const look = (chunk: Buffer) => {
      shown += chunk.toString("utf8");
      const [, found] = /listens on (http:\S+)/.exec(shown) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => reject(new Error(`npm start ended with ${code}: ${shown}`)));
  });
  return {
    origin,
    async stop() {
      child.removeAllListeners("exit");
      const closed = new Promise((resolve) => child.once("close", resolve));
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
      await closed;
    },
  };
}

async function ask(address: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

async function tell(step: keyof typeof MOST_SECONDS, what: string): Promise<void> {
  const seconds = (performance.now() - began) / 1000;
  const computed = await processorSeconds();
  const isBusy = (loadavg()[0] ?? 0) > 1.5 * availableParallelism();
  const counted = isBusy && computed !== undefined ? computed : seconds;
  const isLate = counted > MOST_SECONDS[step];
  const processors = computed === undefined ? "" : `, ${computed.toFixed(1)} s of processors`;
  const busy = isBusy ? " on a busy machine" : "";
  console.log(
    `${seconds.toFixed(1)} s${busy}${processors}, of ${MOST_SECONDS[step]}  ${what}${isLate ? "  TOO LATE" : ""}`,
  );
  if (isLate) process.exitCode = 1;
}

const TICKS_PER_SECOND = 100;

/** What all programs that were started here and have ended took of the processors; undefined where only Linux would tell. */
async function processorSeconds(): Promise<number | undefined> {
  const stat = await readFile("/proc/self/stat", "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces; behind it, the 14th and 15th are the user's and the system's ticks.
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  return ((fields[13] ?? 0) + (fields[14] ?? 0)) / TICKS_PER_SECOND;
}

async function firstDecision(): Promise<string> {
  const worker = await start();
  try {
    const { model } = await ask(`${worker.origin}/v1/route`, { prompt: "How many divisors does 360 have?" });
    return `first decision: ${model}`;
  } finally {
    await worker.stop();
  }
}

async function firstChat(provider: FakeProvider): Promise<string> {
  // The default catalogue, with a provider of this machine in place of those at which an answer costs money.
  const file = join(clone, "models/default/catalogue.json");
  const catalogue = join(folder, "catalogue.json");
  await writeFile(catalogue, withProvider(await readFile(file, "utf8"), provider.baseUrl));
  // Prompts and a key go to a new address: publish wants its host typed.
  const { host } = new URL(provider.baseUrl);
  const options = ["--catalogue", catalogue, "--accept-providers", host];
  await npm("run", "-s", "signalbox", "--", "publish", "models/default", ...options);
  const worker = await start({ HOME_API_KEY: "a-key" });
  try {
    const messages = [{ role: "user", content: "How many divisors does 360 have?" }];
    const answer = await ask(`${worker.origin}/v1/chat/completions`, { model: "auto:spend=0.3", messages });
    if (provider.seen.at(-1)?.headers.authorization !== "Bearer a-key")
      throw new Error("the key did not arrive");
    return `first chat: ${answer["model"]}`;
  } finally {
    await worker.stop();
  }
}

async function firstRouter(provider: FakeProvider): Promise<string> {
  await writeFile(join(clone, "results.csv"), ownResults());
  const signalbox = (...args: readonly string[]) => npm("run", "-s", "signalbox", "--", ...args);
  await signalbox("import", "csv", "results.csv", "--out", "outcomes.jsonl");
  const { stdout } = await signalbox("evaluate", "outcomes.jsonl");
  console.log(
    stdout
      .split("\n")
      .filter((line) => /^(Quality|Cost|Best|About)/.test(line))
      .join("\n"),
  );
  await signalbox("train", "outcomes.jsonl", "--out", "my-router");
  const file = join(clone, "my-router/catalogue.json");
  await writeFile(file, withProvider(await readFile(file, "utf8"), provider.baseUrl));
  await signalbox("publish", "my-router", "--local");
  const worker = await start();
  try {
    const prompt = "What is 47 times 12 plus 8?";
    const { model, ranking } = await ask(`${worker.origin}/v1/route`, { prompt });
    if ((ranking as readonly unknown[]).length !== 4) throw new Error("not the router of one's own");
    return `first decision of a router of one's own: ${model}`;
  } finally {
    await worker.stop();
  }
}

const provider = await startFakeProvider();
try {
  await run("git", ["clone", "--quiet", root, clone]);
  console.log(`cloned, on ${availableParallelism()} cores`);
  await tell("decision", await firstDecision());
  await tell("chat", await firstChat(provider));
  await tell("router", await firstRouter(provider));
} finally {
  await provider.stop();
  await rm(folder, { recursive: true, force: true });
}
