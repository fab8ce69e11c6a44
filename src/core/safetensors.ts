import { describeValue } from "./describe-value.ts";
import { fail, ok, type Result } from "./result.ts";

/** Element types that Signalbox stores, by their name in the safetensors header. */
const arrayTypes = {
  F32: Float32Array,
  F16: Uint16Array, // raw half-precision bits, see float16.ts
  I32: Int32Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

export type DType = keyof typeof arrayTypes;
type ArrayOf = {
  F32: Float32Array;
  F16: Uint16Array;
  I32: Int32Array;
  U16: Uint16Array;
  I8: Int8Array;
  U8: Uint8Array;
};

/** A row-major tensor; `data` holds the product of `shape` elements. */
export type Tensor = {
  [D in DType]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: ArrayOf[D] };
}[DType];

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export type SafetensorsCode = "not_safetensors" | "truncated" | "unknown_dtype" | "bad_offsets";

// The format allows 100 MB of header; no file of this project comes near 4 MB.
const MAX_HEADER_BYTES = 4 * 1024 * 1024;
// Data starts at a multiple of 8 so that typed arrays can view the file in place.
const ALIGNMENT_BYTES = 8;
const LONGEST_NAME_SHOWN = 100;

/**
 * Reads a safetensors file without copying where the alignment allows it.
 * Format: u64 little-endian header length, JSON header, tensor bytes
 * (https://huggingface.co/docs/safetensors/index#format).
 */
export function readSafetensors(bytes: Uint8Array): Result<Safetensors, SafetensorsCode> {
  if (bytes.byteLength < 8) return fail("not_safetensors", `the file has only ${bytes.byteLength} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0 || headerBytes > MAX_HEADER_BYTES || bytes[8] !== 0x7b) {
    return fail("not_safetensors", "the file does not start with a safetensors header");
  }
  if (8 + headerBytes > bytes.byteLength) {
    return fail("truncated", `the header needs ${8 + headerBytes} bytes, the file has ${bytes.byteLength}`);
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch {
    return fail("not_safetensors", "the header is not valid JSON");
  }
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  const dataStart = 8 + headerBytes;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isTexts(entry)) return fail("not_safetensors", "the header's __metadata__ is no map of texts");
      metadata = entry;
      continue;
    }
    const tensor = readTensor(bytes, dataStart, shorten(name), (entry ?? {}) as HeaderEntry);
    if (!tensor.ok) return tensor;
    tensors.set(name, tensor.value);
  }
  return ok({ tensors, metadata });
}

interface HeaderEntry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

function readTensor(
  bytes: Uint8Array,
  dataStart: number,
  name: string,
  { dtype, shape, data_offsets }: HeaderEntry,
): Result<Tensor, SafetensorsCode> {
  if (typeof dtype !== "string" || !Object.hasOwn(arrayTypes, dtype)) {
    return fail("unknown_dtype", `the dtype of tensor ${name} is ${describeValue(dtype)}`);
  }
  const type = arrayTypes[dtype as DType];
  if (!isCounts(shape) || !isCounts(data_offsets) || data_offsets.length !== 2) {
    return fail("bad_offsets", `tensor ${name} has no valid shape and data_offsets`);
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const [begin, end] = data_offsets as [number, number];
  if (end - begin !== length * type.BYTES_PER_ELEMENT) {
    return fail(
      "bad_offsets",
      `tensor ${name}: ${end - begin} bytes do not hold shape [${shorten(shape.join(", "))}]`,
    );
  }
  if (dataStart + end > bytes.byteLength) {
    return fail(
      "truncated",
      `tensor ${name} ends at byte ${dataStart + end}, the file at ${bytes.byteLength}`,
    );
  }
  const offset = bytes.byteOffset + dataStart + begin;
  const aligned = offset % type.BYTES_PER_ELEMENT === 0;
  const buffer = aligned ? bytes.buffer : copyOf(bytes, dataStart + begin, dataStart + end);
  return ok({ dtype, shape, data: new type(buffer as ArrayBuffer, aligned ? offset : 0, length) } as Tensor);
}

// Node's Buffer has a `slice` of its own that copies nothing, so that its `buffer` is another one.
function copyOf(bytes: Uint8Array, begin: number, end: number): ArrayBuffer {
  return Uint8Array.from(bytes.subarray(begin, end)).buffer;
}

// Names of a broken file may be as long as the file.
function shorten(name: string): string {
  return name.length > LONGEST_NAME_SHOWN ? `${name.slice(0, LONGEST_NAME_SHOWN)}...` : name;
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/**
 * Writes a safetensors file. Tensors are laid out in the order of the map, so equal input gives equal bytes.
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.byteLength / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const bytes = new Uint8Array(8 + headerBytes + offset);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let position = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}
