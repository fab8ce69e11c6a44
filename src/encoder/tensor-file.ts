import type { TensorEntry } from "./manifest.ts";

/** The entry of a tensor in the weights file; throws an Error if it is missing, of another dtype, or cut off. */
export function findTensor(
  tensors: readonly TensorEntry[],
  name: string,
  dtype: "I8" | "F32",
  fileBytes: number,
): TensorEntry {
  const entry = tensors.find((tensor) => tensor.name === name);
  if (entry === undefined) throw new Error(`the encoder's weights have no tensor ${name}`);
  if (entry.dtype !== dtype) throw new Error(`tensor ${name} is ${entry.dtype}, not ${dtype}`);
  if (entry.offset + entry.bytes > fileBytes) {
    throw new Error(`tensor ${name} ends at byte ${entry.offset + entry.bytes} of ${fileBytes}`);
  }
  return entry;
}

/** The values of a float tensor; a copy, because the file's bytes may stand at an odd address. */
export function floatsOf(
  weights: Uint8Array,
  tensors: readonly TensorEntry[],
  name: string,
): Float32Array<ArrayBuffer> {
  const { offset, bytes } = findTensor(tensors, name, "F32", weights.byteLength);
  // Not `slice`: that of Node's Buffer copies nothing.
  return new Float32Array(Uint8Array.from(weights.subarray(offset, offset + bytes)).buffer);
}
