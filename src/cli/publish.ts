import { type Command, InvalidArgumentError, Option } from "commander";
import { bundledEncoderDirectory } from "./encoder.ts";
import { unwrap } from "./failure.ts";
import { changesBetween, describePointer } from "./kv/changes.ts";
import { readEncoder, readPublication } from "./kv/publication.ts";
import { type TargetOptions, withKeyValue, withTarget } from "./kv/target-options.ts";
import { planUpload, type Role, readLivePointer, upload } from "./kv/upload.ts";
import { print, tell } from "./output.ts";
import { parsePercentage } from "./parse-number.ts";
import { sourceOfFolder } from "./seed.ts";
import { shortIds } from "./short-ids.ts";

interface PublishOptions extends TargetOptions {
  readonly catalogue?: string;
  readonly encoder?: string;
  readonly canary?: number;
  readonly shadow?: boolean;
  readonly dryRun?: boolean;
  readonly acceptProviders?: readonly string[];
}

/** `publish <dir>`: a bundle and its catalogue go live in KV, content first, pointer last. */
export function registerPublish(program: Command): void {
  withTarget(
    program
      .command("publish")
      .description("store a bundle and its catalogue in KV and make them live")
      .argument("<dir>", "folder with bundle.safetensors and catalogue.json"),
  )
    .option("--catalogue <file>", "catalogue to publish (default: <dir>/catalogue.json)")
    .option(
      "--encoder <dir>",
      "publish this encoder too (default: the one that comes with Signalbox, where none is live)",
    )
    .addOption(
      new Option(
        "--canary <percent>",
        "only for this share of conversations; `promote` makes it live for all",
      )
        .argParser(parsePercentage)
        .conflicts("shadow"),
    )
    .option("--shadow", "only scored beside the live bundle, to see where it would decide otherwise")
    .option(
      "--accept-providers <hosts>",
      "hosts that prompts and keys may go to from now on, separated by commas",
      parseHosts,
    )
    .option("--dry-run", "check everything and tell what would change, but write nothing")
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
  await withKeyValue(options, async (kv) => {
    const nothingLive = (await readLivePointer(kv)) === undefined;
    const encoderFolder = options.encoder ?? (nothingLive ? bundledEncoderDirectory : undefined);
    const encoder = encoderFolder === undefined ? undefined : unwrap(await readEncoder(encoderFolder));
    const asked = {
      publication,
      ...(encoder === undefined ? {} : { encoder }),
      source: sourceOfFolder(folder),
      publishedAt: new Date(),
      role: roleOf(options),
      onProgress: (line: string) => tell(shortIds(line)),
      acceptedHosts: options.acceptProviders ?? [],
    };
    const plan = unwrap(await planUpload(kv, asked));
    const changes = await changesBetween(kv, plan.before, publication);
    // Whoever must type a host should see what else would change.
    if (!plan.acceptance.ok && !options.json) tell(changes.join("\n"));
    unwrap(plan.acceptance);
    const pointer = options.dryRun ? plan.pointer : unwrap(await upload(kv, asked));
    if (options.json) {
      print(JSON.stringify(options.dryRun ? { dry_run: true, pointer, changes } : pointer, null, 2));
      return;
    }
    const ending = options.dryRun
      ? "Dry run: nothing was written."
      : "Running Workers take it up within about a minute.";
    print([...changes, ...describePointer(pointer), ending].join("\n"));
  });
}

function parseHosts(text: string): readonly string[] {
  const hosts = text.split(",").map((host) => host.trim().toLowerCase());
  const isHost = (host: string) =>
    URL.canParse(`https://${host}`) && new URL(`https://${host}`).host === host;
  if (hosts.every(isHost)) return hosts;
  throw new InvalidArgumentError("It must list hosts such as api.openai.com, separated by commas.");
}

function roleOf({ canary, shadow }: PublishOptions): Role {
  if (canary !== undefined) return { kind: "canary", percent: canary };
  return shadow ? { kind: "shadow" } : { kind: "live" };
}
