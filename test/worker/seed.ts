import { env } from "cloudflare:workers";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";

/** What the tests publish: the encoder, bundle and catalogue of models/. */
export interface Seed {
  readonly encoder: string;
  readonly bundle: string;
  readonly catalogue: string;
}

/** Bytes of a file under models/. */
export async function readModelFile(path: string): Promise<Uint8Array> {
  const response = await env.FILES.fetch(`http://files/${path}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Stores everything under its checksum, as `publish` does, and points `active` at it. */
export async function seed(): Promise<Seed> {
  const [manifest, graph, weights, tokenizer, bundle, catalogue] = await Promise.all(
    [
      "encoder/manifest.json",
      "encoder/graph.onnx",
      "encoder/weights.bin",
      "encoder/tokenizer.json",
      "default/bundle.safetensors",
      "default/catalogue.json",
    ].map(readModelFile),
  );
  const encoder = await checksumOf(manifest as Uint8Array);
  for (const [name, bytes] of Object.entries({ manifest, graph, weights, tokenizer })) {
    await env.SIGNALBOX.put(kvKeys.encoder(encoder, name as "manifest"), bytes as Uint8Array);
  }
  const seeded = {
    encoder,
    bundle: await putContent("bundle", bundle as Uint8Array),
    catalogue: await putContent("catalogue", catalogue as Uint8Array),
  };
  await putPointer(seeded);
  return seeded;
}

/** Stores bytes under their checksum, and returns it. */
export async function putContent(kind: "bundle" | "catalogue", bytes: Uint8Array): Promise<string> {
  const sha256 = await checksumOf(bytes);
  await env.SIGNALBOX.put(kvKeys[kind](sha256), bytes);
  return sha256;
}

export async function putPointer(live: Seed): Promise<void> {
  const pointer = { format_version: 1, ...live, published_at: "2025-11-02T10:00:00.000Z" };
  await env.SIGNALBOX.put(kvKeys.active, JSON.stringify(pointer));
}
