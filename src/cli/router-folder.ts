import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCatalogue } from "../contract/catalogue.ts";
import type { Catalogue } from "../core/catalogue.ts";
import { writeTogether } from "../outcomes/write-whole.ts";
import { unwrap } from "./failure.ts";

/** A folder that `train` and `add-model` write, and from which the others read a router. */
export function bundlePath(folder: string): string {
  return join(folder, "bundle.safetensors");
}

export function cataloguePath(folder: string): string {
  return join(folder, "catalogue.json");
}

export interface CatalogueFile {
  readonly bytes: Uint8Array;
  readonly catalogue: Catalogue;
}

export async function readCatalogue(file: string): Promise<CatalogueFile> {
  const bytes = await readFile(file);
  return { bytes, catalogue: unwrap(parseCatalogue(bytes)) };
}

/** Undefined where the folder has no catalogue. */
export async function readCatalogueOf(folder: string): Promise<CatalogueFile | undefined> {
  return readCatalogue(cataloguePath(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

export interface RouterFiles {
  readonly bundle: Uint8Array;
  readonly catalogue: Uint8Array | string | undefined;
  /** What the bundle was trained on and how, as Markdown. */
  readonly card: string;
}

export async function writeRouterFolder(
  folder: string,
  { bundle, catalogue, card }: RouterFiles,
): Promise<void> {
  await writeTogether([
    [bundlePath(folder), bundle],
    ...(catalogue === undefined ? [] : [[cataloguePath(folder), catalogue] as const]),
    [join(folder, "model-card.md"), card],
  ]);
}
