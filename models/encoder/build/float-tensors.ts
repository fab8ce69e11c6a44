/**
 * Reads the F32 tensors of a safetensors file and skips the others (the public weights carry an I64 one that the
 * reader in src/core rightly refuses).
 */
export function readFloatTensors(file: Uint8Array): ReadonlyMap<string, Float32Array> {
  const bytes = file.slice(); // own buffer, so that offsets into it are aligned
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)),
  );
  const tensors = new Map<string, Float32Array>();
  for (const [name, { dtype, data_offsets }] of Object.entries(header)) {
    if (dtype !== "F32") continue;
    const [begin, end] = data_offsets.map((offset) => 8 + headerBytes + offset) as [number, number];
    tensors.set(name, new Float32Array(bytes.buffer.slice(begin, end)));
  }
  return tensors;
}
