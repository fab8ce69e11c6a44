import { kvKeys, parsePointer } from "../../src/contract/pointer.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../src/core/safetensors.ts";
import { checksumOf } from "../../src/encoder/files.ts";

/** A kNN bundle of about so many bytes for the encoder of another bundle; what it predicts means nothing. */
export function largeBundle(other: Uint8Array, bytes: number): Uint8Array {
  const header = headerOf(other);
  const models = header["models"] as readonly string[];
  const { dimension } = header["encoder"] as { readonly dimension: number };
  const prompts = Math.floor((bytes - 20_000) / (dimension + models.length + 8));
  const embeddings = new Int8Array(prompts * dimension);
  for (let k = 0; k < embeddings.length; k++) embeddings[k] = ((Math.imul(k, 2654435761) >>> 24) & 127) - 64;
  const floats = (shape: readonly number[], value: (k: number) => number): Tensor => ({
    dtype: "F32",
    shape,
    data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, k) =>
      value(k),
    ),
  });
  const tensors = new Map<string, Tensor>([
    ["prior", floats([models.length], () => 0.5)],
    ["output_tokens", floats([models.length], () => 100)],
    ["familiarity.distance", floats([2], (k) => k)],
    ["familiarity.value", floats([2], (k) => 1 - k)],
    ["reference.distance", floats([1], () => 0.5)],
    ["reference.verdict_accuracy", floats([1, models.length], () => 0.5)],
    ["task_of", { dtype: "I32", shape: [prompts], data: new Int32Array(prompts) }],
    ["embeddings", { dtype: "I8", shape: [prompts, dimension], data: embeddings }],
    ["embeddings.scale", floats([prompts], () => 1 / (37 * Math.sqrt(dimension)))],
    [
      "outcomes",
      {
        dtype: "U8",
        shape: [prompts, models.length],
        data: new Uint8Array(prompts * models.length).map((_, k) => (Math.imul(k, 2246822519) >>> 24) % 255),
      },
    ],
  ]);
  const next = { ...header, kind: "knn", tasks: ["synthetic"], knn: { neighbors: 5 }, training: { prompts } };
  return writeSafetensors({ tensors, metadata: { signalbox: JSON.stringify(next) } });
}

function headerOf(bundle: Uint8Array): Readonly<Record<string, unknown>> {
  const file = readSafetensors(bundle);
  if (!file.ok) throw new Error(file.failure.message);
  return JSON.parse(file.value.metadata["signalbox"] ?? "");
}

/** The contents of a KV with other bundles in place of the live one, and beside it on trial. */
export async function withBundles(
  contents: ReadonlyMap<string, Uint8Array>,
  live: Uint8Array,
  canary?: Uint8Array,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const pointer = parsePointer(contents.get(kvKeys.active) as Uint8Array);
  if (!pointer.ok) throw new Error(pointer.failure.message);
  const changed = new Map<string, Uint8Array>();
  const add = async (bundle: Uint8Array) => {
    const sha256 = await checksumOf(bundle);
    changed.set(kvKeys.bundle(sha256), bundle);
    return sha256;
  };
  const next = {
    ...pointer.value,
    bundle: await add(live),
    ...(canary === undefined ? {} : { canary: { bundle: await add(canary), percent: 50 } }),
  };
  // The pointer last, as `publish` writes it.
  return changed.set(kvKeys.active, new TextEncoder().encode(JSON.stringify(next)));
}
