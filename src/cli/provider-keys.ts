import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parseCatalogue } from "../contract/catalogue.ts";
import { kvKeys } from "../contract/pointer.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { localFolder, startCommand } from "./configuration.ts";
import type { KeyValue } from "./kv/key-value.ts";
import { readLivePointer } from "./kv/upload.ts";

/** Where Wrangler, and so every local Worker, looks for secrets. */
export const SECRETS_FILE = ".dev.vars";

/** What a local Worker gets as secrets, and which providers it can reach with them. */
export interface LocalSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** The file for secrets, whether it is there or not. */
  readonly file: string;
  readonly providers: readonly ProviderKey[];
}

/** One key that the live catalogue names. */
export interface ProviderKey {
  readonly name: string;
  readonly source: "environment" | "file" | "nowhere";
  /** Models of the catalogue that need it. */
  readonly models: number;
}

/**
 * Secrets for a Worker on this machine: all of .dev.vars, and of the environment only what the live catalogue names as
 * keys, because a shell holds keys that are nobody's business here. The environment wins.
 */
export async function readLocalSecrets(
  kv: KeyValue,
  configPath: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LocalSecrets> {
  const file = join(localFolder(configPath), SECRETS_FILE);
  const ofFile = existsSync(file) ? parseEnv(await readFile(file, "utf8")) : {};
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(ofFile)) if (value !== undefined) values[name] = value;
  const catalogue = await readLiveCatalogue(kv);
  const providers = Object.entries(modelsByKey(catalogue)).map(([name, models]): ProviderKey => {
    const own = environment[name];
    if (own === undefined || own === "") {
      return { name, source: (values[name] ?? "") === "" ? "nowhere" : "file", models };
    }
    values[name] = own;
    return { name, source: "environment", models };
  });
  return { values, file, providers };
}

async function readLiveCatalogue(kv: KeyValue): Promise<Catalogue | undefined> {
  const live = await readLivePointer(kv);
  const bytes = live === undefined ? undefined : await kv.get(kvKeys.catalogue(live.catalogue));
  const parsed = bytes === undefined ? undefined : parseCatalogue(bytes);
  // A catalogue that is missing or damaged is the Worker's to tell.
  return parsed?.ok ? parsed.value : undefined;
}

function modelsByKey(catalogue: Catalogue | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { provider } of Object.values(catalogue?.models ?? {})) {
    const name = catalogue?.providers[provider]?.keyName;
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Which models chat can reach, and how to let it reach more: the lines that `start` prints. */
export function describeProviderKeys({ providers, file }: Omit<LocalSecrets, "values">): readonly string[] {
  const found = providers.filter(({ source }) => source !== "nowhere");
  const missing = providers.filter(({ source }) => source === "nowhere");
  const count = (keys: readonly ProviderKey[]) => keys.reduce((sum, { models }) => sum + models, 0);
  const names = found.map(({ name, source }) => `${name} (${source === "file" ? SECRETS_FILE : source})`);
  const total = count(providers);
  const head =
    found.length === 0
      ? `Chat has no provider's key yet; decisions need none.`
      : `Chat reaches ${count(found)} of ${total} models, with ${names.join(", ")}.`;
  const [example] = [...missing].sort((a, b) => b.models - a.models);
  if (example === undefined) return [head];
  const others = missing.filter((key) => key !== example).map(({ name }) => name);
  return [
    head,
    `To reach more: \`${example.name}=... ${startCommand()}\`, or a line ${example.name}=... in ${file}` +
      (others.length === 0 ? "" : `; likewise ${others.join(", ")}`),
  ];
}
