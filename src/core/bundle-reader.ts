import { describeValue } from "./describe-value.ts";
import type { Curve } from "./math/curve.ts";
import { float16ToFloat32 } from "./math/float16.ts";
import type { QuantizedRows } from "./math/quantize.ts";
import type { Predictor } from "./predictor.ts";
import { type Failure, fail, ok, type Result } from "./result.ts";
import { readSafetensors, type Safetensors, type Tensor } from "./safetensors.ts";

export const BUNDLE_FORMAT_VERSION = 2;
/** Key of the JSON document in the safetensors metadata. */
export const BUNDLE_METADATA_KEY = "signalbox";

export type BundleCode =
  | "bundle_unreadable"
  | "bundle_format_version"
  | "bundle_header"
  | "bundle_tensor"
  | "bundle_not_finite";

/** Names a tensor's dimensions; equal names must have equal sizes throughout one bundle. */
type Shape = readonly (string | number)[];

/** Reads the parts of one bundle; the first fault throws a `BundleFault`, which `loadPredictor` turns into a value. */
export interface BundleReader {
  readonly header: Readonly<Record<string, unknown>>;
  readonly common: Pick<Predictor, "models" | "tasks" | "encoder">;
  /** A number from the header, by its path of keys. */
  number(path: string, min: number, max: number): number;
  /** A list of numbers from the header. */
  numbers(path: string): readonly number[];
  /** Whether the header has the field, by its path of keys. */
  hasField(path: string): boolean;
  has(name: string): boolean;
  /** What to throw where parts that are right by themselves don't fit together. */
  fault(code: BundleCode, message: string): BundleFault;
  /** F32, or F16 widened; every value finite. */
  floats(name: string, shape: Shape): Float32Array;
  /** Floats that never fall, at least one. */
  rising(name: string, points: string): Float32Array;
  /** The same, from 0 to 1. */
  shares(name: string, shape: Shape): Float32Array;
  /** Two rows of floats of equal length, at least one point, x never falling, y between `min` and `max`. */
  curve(x: string, y: string, points: string, min?: number, max?: number): Curve;
  /** I8 values `name` with F32 scales `name.scale`: at least one row, each a direction of about unit length at most. */
  quantized(name: string, shape: readonly [string, string]): QuantizedRows;
  bytes(name: string, shape: Shape): Uint8Array;
  /** I32 positions in a list of `below` items. */
  indices(name: string, shape: Shape, below: number): Int32Array;
}

export class BundleFault extends Error {
  readonly failure: Failure<BundleCode>;
  constructor(failure: Failure<BundleCode>) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Checks what both kinds have in common and gives access to the rest. */
export function openBundle(bytes: Uint8Array): Result<BundleReader, BundleCode> {
  const file = readSafetensors(bytes);
  if (!file.ok)
    return fail("bundle_unreadable", `the bundle is no readable safetensors file: ${file.failure.message}`);
  const header = parseHeader(file.value.metadata[BUNDLE_METADATA_KEY]);
  if (header === undefined) {
    return fail("bundle_header", `the file's metadata has no JSON document under "${BUNDLE_METADATA_KEY}"`);
  }
  if (header["format_version"] !== BUNDLE_FORMAT_VERSION) {
    return fail(
      "bundle_format_version",
      `this program reads bundles of format version ${BUNDLE_FORMAT_VERSION}, not of version ${describeValue(header["format_version"])}; train it again`,
    );
  }
  try {
    return ok(createReader(file.value, header));
  } catch (error) {
    if (error instanceof BundleFault) return { ok: false, failure: error.failure };
    throw error;
  }
}

function parseHeader(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const header: unknown = JSON.parse(json ?? "");
    return typeof header === "object" && header !== null ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function createReader({ tensors }: Safetensors, header: Readonly<Record<string, unknown>>): BundleReader {
  const models = names(header, "models");
  const tasks = names(header, "tasks");
  const encoder = encoderOf(header);
  const sizes = new Map<string, number>([
    ["models", models.length],
    ["tasks", tasks.length],
    ["dimension", encoder.dimension],
  ]);

  function tensorOf(name: string, shape: Shape, dtypes: readonly Tensor["dtype"][]): Tensor {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw fault("bundle_tensor", `tensor ${name} is missing`);
    if (!dtypes.includes(tensor.dtype)) {
      throw fault("bundle_tensor", `tensor ${name} is ${tensor.dtype}, not ${dtypes.join(" or ")}`);
    }
    const expected = shape.map((size) => (typeof size === "number" ? size : sizes.get(size)));
    const fits =
      tensor.shape.length === expected.length &&
      tensor.shape.every((size, k) => expected[k] === undefined || expected[k] === size);
    if (!fits) {
      throw fault(
        "bundle_tensor",
        `tensor ${name} has shape [${tensor.shape}], not [${shape.map((s, k) => expected[k] ?? s)}]`,
      );
    }
    shape.forEach((size, k) => {
      if (typeof size === "string") sizes.set(size, tensor.shape[k] as number);
    });
    return tensor;
  }

  function floats(name: string, shape: Shape): Float32Array {
    const tensor = tensorOf(name, shape, ["F32", "F16"]);
    const values = tensor.dtype === "F16" ? float16ToFloat32(tensor.data) : (tensor.data as Float32Array);
    // No callback: the heads are hundreds of thousands of numbers, read while requests wait.
    for (let k = 0; k < values.length; k++) {
      if (Number.isFinite(values[k])) continue;
      throw fault("bundle_not_finite", `tensor ${name} has ${values[k]} at position ${k}`);
    }
    return values;
  }

  function quantized(name: string, [rows, columns]: readonly [string, string]): QuantizedRows {
    const values = tensorOf(name, [rows, columns], ["I8"]).data as Int8Array;
    const scales = floats(`${name}.scale`, [rows]);
    const directions = { values, scales, columns: sizes.get(columns) as number };
    const bad = scales.length === 0 ? 0 : longRow(directions);
    if (bad !== undefined) throw fault("bundle_tensor", `row ${bad} of tensor ${name} is no direction`);
    return directions;
  }

  function rising(name: string, points: string): Float32Array {
    const x = floats(name, [points]);
    if (x.length === 0) throw fault("bundle_tensor", `tensor ${name} has no points`);
    const falls = x.findIndex((value, k) => k > 0 && value < (x[k - 1] as number));
    if (falls >= 0) throw fault("bundle_tensor", `tensor ${name} falls at position ${falls}`);
    return x;
  }

  function shares(name: string, shape: Shape): Float32Array {
    const values = floats(name, shape);
    const bad = values.findIndex((value) => value < 0 || value > 1);
    if (bad >= 0) throw fault("bundle_tensor", `tensor ${name} has ${values[bad]} at position ${bad}`);
    return values;
  }

  function curve(xName: string, yName: string, points: string, min = -1e6, max = 1e6): Curve {
    const x = rising(xName, points);
    const y = floats(yName, [points]);
    const bad = y.findIndex((value) => value < min || value > max);
    if (bad >= 0) throw fault("bundle_tensor", `tensor ${yName} has ${y[bad]} at position ${bad}`);
    return { x, y };
  }

  return {
    header,
    common: { models, tasks, encoder },
    number: (path, min, max) => numberIn(header, path, min, max),
    numbers: (path) => {
      const values = lookUp(header, path);
      if (!Array.isArray(values) || !values.every((value) => Number.isFinite(value))) {
        throw fault("bundle_header", `${path} is not a list of numbers`);
      }
      return values as number[];
    },
    hasField: (path) => lookUp(header, path) !== undefined,
    has: (name) => tensors.has(name),
    fault,
    floats,
    rising,
    shares,
    curve,
    quantized,
    bytes: (name, shape) => tensorOf(name, shape, ["U8"]).data as Uint8Array,
    indices: (name, shape, below) => {
      const values = tensorOf(name, shape, ["I32"]).data as Int32Array;
      const bad = values.find((value) => value < 0 || value >= below);
      if (bad !== undefined) throw fault("bundle_tensor", `tensor ${name} points at item ${bad} of ${below}`);
      return values;
    },
  };
}

// Rounding to int8 makes a unit vector at most this long. Far longer ones would make a kernel infinite.
const MAX_DIRECTION_LENGTH = 1.1;

/** The first row that is too long to be a direction. */
function longRow({ values, scales, columns }: QuantizedRows): number | undefined {
  for (let row = 0; row < scales.length; row++) {
    let squares = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++)
      squares += (values[k] as number) * (values[k] as number);
    if (Math.sqrt(squares) * Math.abs(scales[row] as number) > MAX_DIRECTION_LENGTH) return row;
  }
  return undefined;
}

function encoderOf(header: Readonly<Record<string, unknown>>): Predictor["encoder"] {
  const id = lookUp(header, "encoder.id");
  const checksum = lookUp(header, "encoder.checksum");
  if (typeof id !== "string" || typeof checksum !== "string") {
    throw fault(
      "bundle_header",
      "encoder.id and encoder.checksum must say which encoder the bundle was trained on",
    );
  }
  const dimension = numberIn(header, "encoder.dimension", 4, 65536);
  // Products of vectors are summed four numbers at a time.
  if (dimension % 4 !== 0) {
    throw fault("bundle_header", `encoder.dimension is ${dimension}; it must be a multiple of 4`);
  }
  return { id, checksum, dimension };
}

function names(header: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const list = header[key];
  const valid =
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((name) => typeof name === "string") &&
    new Set(list).size === list.length;
  if (!valid) throw fault("bundle_header", `${key} is not a list of different names`);
  return list;
}

function numberIn(header: Readonly<Record<string, unknown>>, path: string, min: number, max: number): number {
  const value = lookUp(header, path);
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw fault("bundle_header", `${path} is ${describeValue(value)}, not a number from ${min} to ${max}`);
  }
  return value;
}

function lookUp(header: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = header;
  for (const key of path.split(".")) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  }
  return value;
}

function fault(code: BundleCode, message: string): BundleFault {
  return new BundleFault({ code, message: `the bundle cannot be used: ${message}` });
}
