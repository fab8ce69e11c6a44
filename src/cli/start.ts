import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { kvKeys } from "../contract/pointer.ts";
import {
  bundledEncoderDirectory,
  bundledLexicalRouterDirectory,
  bundledRouterDirectory,
  LEXICAL_ENCODER,
} from "./encoder.ts";
import { unwrap } from "./failure.ts";
import type { KeyValue } from "./kv/key-value.ts";
import { openKeyValue } from "./kv/open.ts";
import { type EncoderPublication, type Publication, readEncoder, readPublication } from "./kv/publication.ts";
import { CONFIG_HELP } from "./kv/target-options.ts";
import { readLivePointer, upload } from "./kv/upload.ts";
import { startLocalWorker } from "./local-worker.ts";

interface StartOptions {
  readonly port: number;
  readonly config?: string;
  readonly state?: string;
  readonly backend?: string;
}

/** How the pointer tells that nobody published anything else. */
const DEFAULT_SOURCE = "models/default";
const LEXICAL_SOURCE = "models/lexical";
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
    .option("--state <dir>", "folder of the local KV (default: .wrangler/state)")
    .addOption(
      new Option("--backend <name>", "what embeds, in place of the configuration's ENCODER_BACKEND").choices([
        "onnx",
        "simd",
        "lexical",
      ]),
    )
    .action(start);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError("a port is 0 to 65535");
  return port;
}

async function start({ port, config, state, backend }: StartOptions): Promise<void> {
  const kv = await openKeyValue({ location: "local", configPath: config, statePath: state });
  try {
    await seed(kv, backend === "lexical");
  } finally {
    await kv.close();
  }
  const worker = await startLocalWorker({
    configPath: config,
    statePath: state,
    port,
    variables: { AUTH: "open", ALLOWED_HOSTS: LOCAL_HOSTS, ...(backend === undefined ? {} : { ENCODER_BACKEND: backend }) },
  });
  const stop = async () => {
    await worker.stop();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  await announce(worker.origin);
}

/** Puts the default bundle into an empty or outdated local KV; what a person published there stays. */
async function seed(kv: KeyValue, lexical: boolean): Promise<void> {
  const live = await readLivePointer(kv);
  if (live !== undefined && live.source !== DEFAULT_SOURCE && live.source !== LEXICAL_SOURCE) return;
  const router = lexical ? bundledLexicalRouterDirectory : bundledRouterDirectory;
  const publication = unwrap(await readPublication(router, join(bundledRouterDirectory, "catalogue.json")));
  const encoder = unwrap(await readEncoder(lexical ? LEXICAL_ENCODER : bundledEncoderDirectory));
  if (live !== undefined && (await isLive(kv, live, publication, encoder))) return;
  unwrap(
    await upload(kv, {
      publication,
      encoder,
      source: lexical ? LEXICAL_SOURCE : DEFAULT_SOURCE,
      publishedAt: new Date(),
      onProgress: (line) => process.stderr.write(`${line}\n`),
    }),
  );
}

async function isLive(
  kv: KeyValue,
  live: { readonly bundle: string; readonly catalogue: string; readonly encoder: string },
  publication: Publication,
  encoder: EncoderPublication,
): Promise<boolean> {
  const same =
    live.bundle === publication.bundle.sha256 &&
    live.catalogue === publication.catalogue.sha256 &&
    live.encoder === encoder.sha256;
  // The pointer is written last, so what it names was complete; the bundle stands for the rest.
  return same && (await kv.get(kvKeys.bundle(live.bundle))) !== undefined;
}

async function announce(origin: string): Promise<void> {
  const body = JSON.stringify(EXAMPLE);
  const response = await fetch(`${origin}/v1/route`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  console.log(`\nSignalbox listens on ${origin}\n`);
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
