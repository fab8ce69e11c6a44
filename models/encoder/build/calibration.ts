import { readSafetensors, type Safetensors, type Tensor } from "../../../src/core/safetensors.ts";
import type { LinearKey } from "./minilm.ts";

/** What was measured on prompts, and all that remains of them: numbers. */
export interface Calibration {
  /** Largest absolute input of each channel of a linear layer, over the calibration prompts. */
  inputMax(layer: number, key: LinearKey): Float32Array;
  /** Occurrences of each token id in the prompts of the training suites. */
  readonly tokenCounts: Int32Array;
  /** Mean over those prompts of the lexical view before centring; [HIDDEN] */
  readonly lexicalMean: Float32Array;
  readonly suites: readonly string[];
}

export const inputMaxName = (layer: number, key: LinearKey) => `layer.${layer}.${key}.input_max`;

/** Reads calibration.safetensors as `calibrate` wrote it; throws on anything else. */
export function readCalibration(bytes: Uint8Array): Calibration {
  const read = readSafetensors(bytes);
  if (!read.ok) throw new Error(`calibration.safetensors: ${read.failure.message}`);
  const { tensors, metadata } = read.value;

  function floats(name: string): Float32Array {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== "F32") throw new Error(`calibration.safetensors has no F32 tensor ${name}`);
    return tensor.data;
  }
  const counts = tensors.get("token.counts");
  if (counts?.dtype !== "I32") throw new Error("calibration.safetensors has no I32 tensor token.counts");

  return {
    inputMax: (layer, key) => floats(inputMaxName(layer, key)),
    tokenCounts: counts.data,
    lexicalMean: floats("lexical.mean"),
    suites: JSON.parse(metadata["suites"] ?? "[]"),
  };
}

/** The tensors and metadata of calibration.safetensors. */
export function calibrationTensors(
  inputMax: ReadonlyMap<string, Float32Array>,
  tokenCounts: Int32Array,
  lexicalMean: Float32Array,
  metadata: Readonly<Record<string, string>>,
): Safetensors {
  const tensors = new Map<string, Tensor>();
  for (const [name, data] of inputMax) tensors.set(name, { dtype: "F32", shape: [data.length], data });
  tensors.set("token.counts", { dtype: "I32", shape: [tokenCounts.length], data: tokenCounts });
  tensors.set("lexical.mean", { dtype: "F32", shape: [lexicalMean.length], data: lexicalMean });
  return { tensors, metadata };
}
