import { type Command, Option } from "commander";
import { findConfiguration } from "./configuration.ts";
import { CONFIG_HELP, STATE_HELP, withKeyValue } from "./kv/target-options.ts";
import { type LocalAccess, localAccess } from "./local-access.ts";
import { needFreePort, startLocalWorker } from "./local-worker.ts";
import { print, tell } from "./output.ts";
import { parsePort } from "./parse-number.ts";
import { describeProviderKeys, type LocalSecrets, readLocalSecrets } from "./provider-keys.ts";
import { seed } from "./seed.ts";
import { shortIds } from "./short-ids.ts";
import { sentenceOfLog } from "./worker-log.ts";

interface StartOptions {
  readonly port: number;
  readonly auth: "open" | "keys";
  readonly config?: string;
  readonly state?: string;
  readonly backend?: string;
}

const EXAMPLE = {
  prompt: "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?",
};

/** `start`: a local Worker with the default bundle, ready to be asked. */
export function registerStart(program: Command): void {
  program
    .command("start")
    .description("run a local Worker with the default bundle, open to everyone on this machine")
    .option("--port <number>", "port on 127.0.0.1; 0 picks a free one", parsePort, 8787)
    .addOption(
      new Option("--auth <kind>", "keys: closed, as at Cloudflare, to those with an API key")
        .choices(["open", "keys"])
        .default("open"),
    )
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", STATE_HELP)
    .addOption(
      new Option("--backend <name>", "what embeds, in place of the configuration's ENCODER_BACKEND").choices([
        "onnx",
        "simd",
        "lexical",
      ]),
    )
    .addHelpText(
      "after",
      `
Keys of the providers that chat is sent to come from the environment, under the names that the catalogue gives them, or
from the file .dev.vars beside wrangler.toml.

Examples:
  signalbox start                       http://127.0.0.1:8787, with what was published here last
  OPENAI_API_KEY=... signalbox start    and chat reaches the models of OpenAI
  signalbox start --port 0              on any free port
  signalbox start --auth keys           asks for a key, and prints one
  signalbox start --backend simd        with the encoder's own kernel`,
    )
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const { port, config, state, backend } = options;
  // First of all: filling KV takes half a minute, and a taken port makes it useless.
  await needFreePort(port);
  const secrets = await withKeyValue(options, async (kv) => {
    const isLexical = backend === "lexical";
    await seed(kv, { isLexical, onProgress: (line) => tell(shortIds(line)) });
    return readLocalSecrets(kv, await findConfiguration(config, false), process.env);
  });
  const access = await localAccess(options.auth, secrets.values, process.env);
  const worker = await startLocalWorker({
    configPath: config,
    statePath: state,
    port,
    variables: {
      ...secrets.values,
      ...access.variables,
      LOG_DECISIONS: "true",
      ...(backend === undefined ? {} : { ENCODER_BACKEND: backend }),
    },
    onLog: (message) => {
      const sentence = sentenceOfLog(message);
      if (sentence !== undefined) print(sentence);
    },
  });
  const stop = async () => {
    await worker.stop();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  await announce(worker.origin, secrets, access);
}

async function announce(origin: string, secrets: LocalSecrets, { key }: LocalAccess): Promise<void> {
  const body = JSON.stringify(EXAMPLE);
  const authorization = key === undefined ? undefined : `Bearer ${key}`;
  const response = await fetch(`${origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization && { authorization }) },
    body,
  });
  const header = authorization === undefined ? "" : ` -H 'authorization: ${authorization}'`;
  print(`\nSignalbox listens on ${origin}\n`);
  print("In a browser that is the playground. From a program:\n");
  print(`  curl ${origin}/v1/route -H 'content-type: application/json'${header} \\\n    -d '${body}'\n`);
  print(`  ${response.status} ${shorten(await response.text())}\n`);
  for (const line of describeProviderKeys(secrets)) print(line);
  if (key !== undefined) print(`\nThe API key of this run: ${key}`);
  print("\nCtrl-C ends it. Each decision is a line here:");
}

/** The answer without its long ranking. */
function shorten(text: string): string {
  const answer = JSON.parse(text) as Record<string, unknown>;
  const { ranking, bundle, catalogue, ...rest } = answer;
  return JSON.stringify(
    ranking === undefined ? answer : { ...rest, ranking: `${(ranking as unknown[]).length} models` },
  );
}
