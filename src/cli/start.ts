import { type Command, Option } from "commander";
import { CONFIG_HELP, STATE_HELP, withKeyValue } from "./kv/target-options.ts";
import { startLocalWorker } from "./local-worker.ts";
import { parsePort } from "./parse-number.ts";
import { seed } from "./seed.ts";

interface StartOptions {
  readonly port: number;
  readonly config?: string;
  readonly state?: string;
  readonly backend?: string;
}

// The Worker is open: a web page whose own name leads to 127.0.0.1 must not get at it.
const LOCAL_HOSTS = "127.0.0.1,localhost,[::1]";

const EXAMPLE = {
  prompt: "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?",
};

/** `start`: a local Worker with the default bundle, ready to be asked. */
export function registerStart(program: Command): void {
  program
    .command("start")
    .description("run a local Worker with the default bundle, open to everyone on this machine")
    .option("--port <number>", "port on 127.0.0.1; 0 picks a free one", parsePort, 8787)
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
Examples:
  signalbox start                       http://127.0.0.1:8787, with what was published here last
  signalbox start --port 0              on any free port
  signalbox start --backend simd        with the encoder's own kernel`,
    )
    .action(start);
}

async function start(options: StartOptions): Promise<void> {
  const { port, config, state, backend } = options;
  await withKeyValue(options, (kv) =>
    seed(kv, {
      isLexical: backend === "lexical",
      onProgress: (line) => process.stderr.write(`${line}\n`),
    }),
  );
  const worker = await startLocalWorker({
    configPath: config,
    statePath: state,
    port,
    variables: {
      AUTH: "open",
      ALLOWED_HOSTS: LOCAL_HOSTS,
      ...(backend === undefined ? {} : { ENCODER_BACKEND: backend }),
    },
  });
  const stop = async () => {
    await worker.stop();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  await announce(worker.origin);
}

async function announce(origin: string): Promise<void> {
  const body = JSON.stringify(EXAMPLE);
  const response = await fetch(`${origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  console.log(`\nSignalbox listens on ${origin}\n`);
  console.log("In a browser that is the playground. From a program:\n");
  console.log(`  curl ${origin}/v1/route -H 'content-type: application/json' \\\n    -d '${body}'\n`);
  console.log(`  ${response.status} ${shorten(await response.text())}\n`);
  console.log("Ctrl-C ends it.");
}

/** The answer without its long ranking. */
function shorten(text: string): string {
  const answer = JSON.parse(text) as Record<string, unknown>;
  const { ranking, bundle, catalogue, ...rest } = answer;
  return JSON.stringify(
    ranking === undefined ? answer : { ...rest, ranking: `${(ranking as unknown[]).length} models` },
  );
}
