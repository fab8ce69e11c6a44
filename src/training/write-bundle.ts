import { BUNDLE_FORMAT_VERSION, BUNDLE_METADATA_KEY } from "../core/bundle-reader.ts";
import { float32ToFloat16 } from "../core/math/float16.ts";
import type { QuantizedRows } from "../core/math/quantize.ts";
import type { Predictor, RouterKind } from "../core/predictor.ts";
import { type Tensor, writeSafetensors } from "../core/safetensors.ts";

/** What every bundle says of itself; `loadPredictor` reads the first four, people read the rest. */
export interface BundleHeader {
  readonly kind: RouterKind;
  readonly encoder: Predictor["encoder"];
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  /** How it was fitted: options, penalties, counts. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Whatever else serving needs that is a number or a list, such as `kernel` or `knn`. */
  readonly [section: string]: unknown;
}

/** The bytes of a bundle; equal input gives equal bytes. */
export function writeBundle(header: BundleHeader, tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const document = JSON.stringify({ format_version: BUNDLE_FORMAT_VERSION, ...header });
  return writeSafetensors({ tensors, metadata: { [BUNDLE_METADATA_KEY]: document } });
}

export function floatTensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  return { dtype: "F32", shape, data: Float32Array.from(data) };
}

/** The same in half precision. */
export function halfTensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  return { dtype: "F16", shape, data: float32ToFloat16(data) };
}

/** The two tensors of quantized rows, under `name` and `name.scale`. */
export function quantizedTensors(name: string, rows: QuantizedRows): readonly (readonly [string, Tensor])[] {
  const count = rows.scales.length;
  return [
    [name, { dtype: "I8", shape: [count, rows.columns], data: rows.values }],
    [`${name}.scale`, { dtype: "F32", shape: [count], data: rows.scales }],
  ];
}
