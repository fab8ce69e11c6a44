import { type Command, Option } from "commander";
import { bundledEncoderDirectory } from "./encoder.ts";
import { unwrap } from "./failure.ts";
import { openKeyValue } from "./kv/open.ts";
import { type Publication, readEncoder, readPublication } from "./kv/publication.ts";
import { readLivePointer, upload } from "./kv/upload.ts";

interface PublishOptions {
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly catalogue?: string;
  readonly encoder?: string;
  readonly config: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** `publish <dir>`: a bundle and its catalogue go live in KV, content first, pointer last. */
export function registerPublish(program: Command): void {
  program
    .command("publish")
    .description("store a bundle and its catalogue in KV and make them live")
    .argument("<dir>", "folder with bundle.safetensors and catalogue.json")
    .addOption(new Option("--local", "to the KV of a local Worker (the default)").conflicts("remote"))
    .option("--remote", "to Cloudflare, with Wrangler's login")
    .option("--catalogue <file>", "catalogue to publish (default: <dir>/catalogue.json)")
    .option(
      "--encoder <dir>",
      `publish this encoder too (default: the one that comes with Signalbox, where none is live)`,
    )
    .option("--config <file>", "Wrangler configuration", "wrangler.toml")
    .option("--state <dir>", "folder of the local KV (default: .wrangler/state)")
    .option("--json", "print one JSON document")
    .action(publish);
}

async function publish(folder: string, options: PublishOptions): Promise<void> {
  const publication = unwrap(await readPublication(folder, options.catalogue));
  const kv = await openKeyValue({
    location: options.remote ? "remote" : "local",
    configPath: options.config,
    statePath: options.state,
  });
  try {
    const nothingLive = (await readLivePointer(kv)) === undefined;
    const encoderFolder = options.encoder ?? (nothingLive ? bundledEncoderDirectory : undefined);
    const encoder = encoderFolder === undefined ? undefined : unwrap(await readEncoder(encoderFolder));
    const pointer = unwrap(
      await upload(kv, {
        publication,
        ...(encoder === undefined ? {} : { encoder }),
        source: folder,
        publishedAt: new Date(),
        onProgress: (line) => process.stderr.write(`${line}\n`),
      }),
    );
    console.log(options.json ? JSON.stringify(pointer, null, 2) : describe(pointer.bundle, publication));
  } finally {
    await kv.close();
  }
}

function describe(bundle: string, { predictor: { models, tasks } }: Publication): string {
  return `Live: bundle ${bundle.slice(0, 12)} with ${models.length} models and ${tasks.length} tasks. Running Workers take it up within about a minute.`;
}
