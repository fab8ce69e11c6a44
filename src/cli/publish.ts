import { type Command, InvalidArgumentError, Option } from "commander";
import { bundledEncoderDirectory } from "./encoder.ts";
import { unwrap } from "./failure.ts";
import { changesBetween, describePointer } from "./kv/changes.ts";
import { openKeyValue } from "./kv/open.ts";
import { readEncoder, readPublication } from "./kv/publication.ts";
import { CONFIG_HELP } from "./kv/target-options.ts";
import { planUpload, type Role, readLivePointer, upload } from "./kv/upload.ts";

interface PublishOptions {
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly catalogue?: string;
  readonly encoder?: string;
  readonly canary?: number;
  readonly shadow?: boolean;
  readonly dryRun?: boolean;
  readonly config?: string;
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
    .addOption(
      new Option(
        "--canary <percent>",
        "only for this share of conversations; `promote` makes it live for all",
      )
        .argParser(percentage)
        .conflicts("shadow"),
    )
    .option("--shadow", "only scored beside the live bundle, to see where it would decide otherwise")
    .option("--dry-run", "check everything and tell what would change, but write nothing")
    .option("--config <file>", CONFIG_HELP)
    .option("--state <dir>", "folder of the local KV (default: .wrangler/state)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  signalbox publish my-router --local               the Worker of \`signalbox start\` takes it up
  signalbox publish my-router --remote --dry-run    what would change
  signalbox publish my-router --remote --canary 10  for a tenth of the conversations`,
    )
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
    const asked = {
      publication,
      ...(encoder === undefined ? {} : { encoder }),
      source: folder,
      publishedAt: new Date(),
      role: roleOf(options),
      onProgress: (line: string) => process.stderr.write(`${line}\n`),
    };
    const plan = unwrap(await planUpload(kv, asked));
    const changes = await changesBetween(kv, plan.before, publication);
    const pointer = options.dryRun ? plan.pointer : unwrap(await upload(kv, asked));
    if (options.json) {
      console.log(JSON.stringify(options.dryRun ? { dry_run: true, pointer, changes } : pointer, null, 2));
      return;
    }
    const ending = options.dryRun
      ? "Dry run: nothing was written."
      : "Running Workers take it up within about a minute.";
    console.log([...changes, ...describePointer(pointer), ending].join("\n"));
  } finally {
    await kv.close();
  }
}

function roleOf({ canary, shadow }: PublishOptions): Role {
  if (canary !== undefined) return { kind: "canary", percent: canary };
  return shadow ? { kind: "shadow" } : { kind: "live" };
}

function percentage(value: string): number {
  const percent = Number(value);
  if (value.trim() !== "" && percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("give a percentage above 0 and up to 100");
}
