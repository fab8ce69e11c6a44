import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, patch } from "@decimalturn/toml-patch";
import { writeWhole } from "../outcomes/write-whole.ts";
import { CommandFailure } from "./failure.ts";

/** Of the clone or of the installed package: the folder of package.json. */
export const installation = fileURLToPath(new URL("../..", import.meta.url));
/** Whether this is the built package, where the Worker is bundled already, and not a clone with its sources. */
export const isPackage = basename(fileURLToPath(new URL("..", import.meta.url))) === "dist";

/** How a person starts the local Worker of this installation. */
export function startCommand(options = ""): string {
  if (isPackage) return ["npx signalbox start", options].join(" ").trimEnd();
  return options === "" ? "npm start" : `npm start -- ${options}`;
}

/** A command as a person types it here: with npm in a clone, where no `signalbox` is in the path. */
export function signalboxCommand(args: string): string {
  return isPackage ? `npx signalbox ${args}` : `npm run -s signalbox -- ${args}`;
}

/** As Wrangler looks for them. */
const FILE_NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];
/** Where the package keeps what it makes in a project that has no configuration of its own. */
const OWN_FOLDER = ".signalbox";

/**
 * The Wrangler configuration to use: the one that was named, else that of this folder, else the one that comes with
 * Signalbox, which knows local state only.
 */
export async function findConfiguration(named: string | undefined, isRemote: boolean): Promise<string> {
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new CommandFailure({
      code: "no_configuration",
      message: `there is no ${named}; \`signalbox init\` writes a wrangler.toml into this folder`,
    });
  }
  const here = FILE_NAMES.find((name) => existsSync(name));
  if (here !== undefined) return here;
  if (isRemote) {
    throw new CommandFailure({
      code: "no_configuration",
      message:
        "this folder has no wrangler.toml that names a KV namespace; `signalbox init` writes one, or name it with --config",
    });
  }
  if (!isPackage) return join(installation, "wrangler.toml");
  // Not inside node_modules: Wrangler puts its state and temporary files beside the configuration.
  const file = resolve(OWN_FOLDER, "wrangler.toml");
  await writeWhole(file, await configurationFor(dirname(file)));
  return file;
}

/**
 * The folder of .dev.vars and of local state: that of the configuration, and where the package had to write one of its
 * own, the project's. So what was published there is still there after `signalbox init`.
 */
export function localFolder(configPath: string): string {
  const folder = dirname(resolve(configPath));
  return basename(folder) === OWN_FOLDER ? dirname(folder) : folder;
}

/** The folder of local KV and D1. */
export function stateFolder(configPath: string, named: string | undefined): string {
  return named === undefined ? join(localFolder(configPath), ".wrangler/state") : resolve(named);
}

/**
 * wrangler.toml of this installation, for a folder elsewhere: the same bindings and comments, paths that lead to the
 * installation, and no build, since the page comes with it.
 */
export async function configurationFor(folder: string): Promise<string> {
  const text = await readFile(join(installation, "wrangler.toml"), "utf8");
  const from = (path: string) => relative(resolve(folder), join(installation, path)).replaceAll("\\", "/");
  const { build: _, ...configuration } = parse(text) as Configuration;
  return patch(text, {
    ...configuration,
    // Bundled when Signalbox was packed. Wrangler bundles it again: as it is it could not lead out of its folder, to the
    // WebAssembly that the command line uses too.
    main: from(isPackage ? "dist/worker/index.js" : configuration.main),
    assets: { ...configuration.assets, directory: from(configuration.assets.directory) },
    d1_databases: configuration.d1_databases.map((database) => ({
      ...database,
      migrations_dir: from(database.migrations_dir),
    })),
  });
}

/** What of wrangler.toml depends on where it stands. */
interface Configuration {
  readonly main: string;
  readonly build: unknown;
  readonly assets: { readonly directory: string };
  readonly d1_databases: readonly { readonly migrations_dir: string }[];
}
