import { join } from "node:path";
import { kvKeys } from "../contract/pointer.ts";
import {
  bundledEncoderDirectory,
  bundledLexicalRouterDirectory,
  bundledRouterDirectory,
  LEXICAL_ENCODER,
} from "./encoder.ts";
import { unwrap } from "./failure.ts";
import type { KeyValue } from "./kv/key-value.ts";
import { type EncoderPublication, type Publication, readEncoder, readPublication } from "./kv/publication.ts";
import { readLivePointer, upload } from "./kv/upload.ts";

interface SeedOptions {
  /** The router for ENCODER_BACKEND lexical. */
  readonly isLexical: boolean;
  readonly onProgress: (line: string) => void;
}

/** How the pointer tells that nobody published anything else; what a person publishes has none of these as its source. */
const DEFAULT_SOURCE = "models/default";
const LEXICAL_SOURCE = "models/lexical";

/** What the pointer says of a folder that a person publishes: also of `models/default`, perhaps with their own catalogue. */
export function sourceOfFolder(folder: string): string {
  return folder === DEFAULT_SOURCE || folder === LEXICAL_SOURCE ? `./${folder}` : folder;
}

/** Puts the default bundle into an empty or outdated local KV; what a person published there stays. */
export async function seed(kv: KeyValue, { isLexical, onProgress }: SeedOptions): Promise<void> {
  const live = await readLivePointer(kv);
  if (live !== undefined && live.source !== DEFAULT_SOURCE && live.source !== LEXICAL_SOURCE) return;
  const router = isLexical ? bundledLexicalRouterDirectory : bundledRouterDirectory;
  const publication = unwrap(await readPublication(router, join(bundledRouterDirectory, "catalogue.json")));
  const encoder = unwrap(await readEncoder(isLexical ? LEXICAL_ENCODER : bundledEncoderDirectory));
  if (live !== undefined && (await isLive(kv, live, publication, encoder))) return;
  unwrap(
    await upload(kv, {
      publication,
      encoder,
      source: isLexical ? LEXICAL_SOURCE : DEFAULT_SOURCE,
      publishedAt: new Date(),
      onProgress,
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
