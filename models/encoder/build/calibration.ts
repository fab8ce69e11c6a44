import { readSafetensors, type Safetensors, type Tensor } from "../../../src/core/safetensors.ts";
import { type LinearKey, linearName } from "./minilm.ts";
import type { InputStatistics } from "./observe.ts";

/** What was measured on prompts, and all that remains of them: numbers. */
export interface Calibration {
  statistics(layer: number, key: LinearKey): InputStatistics;
  /** Occurrences of each token id in the prompts of the training suites. */
  readonly tokenCounts: Int32Array;
  /** Mean over those prompts of the lexical view before centring; [HIDDEN] */
  readonly lexicalMean: Float32Array;
  readonly suites: readonly string[];
}

const statisticsFields = [
  "max",
  "mean",
  "components",
  "residual",
] as const satisfies (keyof InputStatistics)[];
const statisticsName = (linear: string, field: keyof InputStatistics) => `${linear}.input.${field}`;

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
    statistics(layer, key) {
      const field = (name: keyof InputStatistics) => floats(statisticsName(linearName(layer, key), name));
      return {
        max: field("max"),
        mean: field("mean"),
        components: field("components"),
        residual: field("residual"),
      };
    },
    tokenCounts: counts.data,
    lexicalMean: floats("lexical.mean"),
    suites: JSON.parse(metadata["suites"] ?? "[]"),
  };
}

/** The tensors and metadata of calibration.safetensors. */
export function calibrationTensors(
  statistics: ReadonlyMap<string, InputStatistics>,
  tokenCounts: Int32Array,
  lexicalMean: Float32Array,
  metadata: Readonly<Record<string, string>>,
): Safetensors {
  const tensors = new Map<string, Tensor>();
  for (const [linear, fields] of statistics) {
    for (const field of statisticsFields) {
      const data = fields[field];
      const inputs = fields.mean.length;
      const shape = field === "components" ? [data.length / inputs, inputs] : [inputs];
      tensors.set(statisticsName(linear, field), { dtype: "F32", shape, data });
    }
  }
  tensors.set("token.counts", { dtype: "I32", shape: [tokenCounts.length], data: tokenCounts });
  tensors.set("lexical.mean", { dtype: "F32", shape: [lexicalMean.length], data: lexicalMean });
  return { tensors, metadata };
}
