import { checksumOf, type EncoderFiles } from "./files.ts";
import { type EncoderManifest, parseManifest } from "./manifest.ts";
import { findTensor } from "./tensor-file.ts";

const LEXICAL_TENSORS = {
  word_embeddings: "I8",
  "word_embeddings.scale": "F32",
  "lexical.weight": "F32",
  "lexical.mean": "F32",
} as const;

/**
 * Makes an encoder of its own of the lexical view: half the bytes, no graph, dimension 384, `-lexical` behind the
 * id. Bundles for it are trained on it. The same files give the same bytes. Throws if a tensor is missing.
 */
export async function lexicalEncoderFiles(files: EncoderFiles): Promise<EncoderFiles> {
  const parsed = parseManifest(files.manifest);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const full = parsed.value;
  const view = full.views.find(({ name }) => name === "lexical");
  if (view === undefined) throw new Error(`encoder ${full.id} has no lexical view`);

  let bytes = 0;
  const picked = Object.entries(LEXICAL_TENSORS).map(([name, dtype]) => {
    const from = findTensor(full.tensors, name, dtype, files.weights.byteLength);
    const to = { ...from, offset: bytes };
    bytes += from.bytes;
    return { from, to };
  });
  const weights = new Uint8Array(bytes);
  for (const { from, to } of picked) {
    weights.set(files.weights.subarray(from.offset, from.offset + from.bytes), to.offset);
  }
  const graph = new Uint8Array(0);
  const manifest: EncoderManifest = {
    ...full,
    id: `${full.id}-lexical`,
    dimension: view.dimension,
    views: [{ ...view, offset: 0 }],
    files: {
      ...full.files,
      graph: await describe(full.files.graph.name, graph),
      weights: await describe(full.files.weights.name, weights),
    },
    tensors: picked.map(({ to }) => to),
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return { manifest: new TextEncoder().encode(text), graph, weights, tokenizer: files.tokenizer };
}

async function describe(name: string, bytes: Uint8Array) {
  return { name, bytes: bytes.byteLength, sha256: await checksumOf(bytes) };
}
