import { quantizeRows } from "../core/math/quantize.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../core/safetensors.ts";
import { type Matrix, matrix, normalizeRows } from "../numerics/matrix.ts";
import type { Dataset } from "../training/dataset.ts";

/**
 * A suite without its prompts: embeddings as int8 and outcomes as 16-bit fixed point, so that anyone can rerun an
 * evaluation without the texts. Prompts are recognized as equal by the first 8 bytes of their text's hash.
 */
export interface BenchmarkHeader {
  readonly format: "signalbox-benchmark";
  readonly version: 1;
  readonly suite: string;
  readonly source: string;
  readonly license: string;
  readonly encoder: { readonly id: string; readonly checksum: string };
  readonly models: readonly string[];
  readonly tasks: readonly string[];
}

export interface Benchmark {
  readonly header: BenchmarkHeader;
  readonly dataset: Dataset;
}

const KEY_BYTES = 8;
const MISSING = 65535;
/** Scores are stored as score * 65534, rounded. */
const SCORE_LEVELS = 65534;

export type BenchmarkCode = "not_a_benchmark" | "damaged_benchmark";

/** Equal datasets give equal bytes. */
export function writeBenchmark({ header, dataset }: Benchmark): Uint8Array {
  const prompts = dataset.ids.length;
  const models = dataset.models.length;
  const { values, scales } = quantizeRows(dataset.embeddings.data, dataset.embeddings.columns);
  const knowsLengths = dataset.outputTokens.data.some((tokens) => !Number.isNaN(tokens));
  const tensors: [string, Tensor][] = [
    ["embeddings", { dtype: "I8", shape: [prompts, dataset.embeddings.columns], data: values }],
    ["embedding_scales", { dtype: "F32", shape: [prompts], data: scales }],
    ["outcomes", { dtype: "U16", shape: [prompts, models], data: toFixed(dataset.outcomes, SCORE_LEVELS) }],
    ["task_of", { dtype: "U16", shape: [prompts], data: Uint16Array.from(dataset.taskOf) }],
    ["input_tokens", { dtype: "F32", shape: [prompts], data: Float32Array.from(dataset.inputTokens) }],
    ["text_keys", { dtype: "U8", shape: [prompts, KEY_BYTES], data: keyBytes(dataset.textKeys) }],
  ];
  if (knowsLengths) {
    tensors.push([
      "output_tokens",
      { dtype: "U16", shape: [prompts, models], data: toFixed(dataset.outputTokens, 1) },
    ]);
  }
  return writeSafetensors({ tensors: new Map(tensors), metadata: { benchmark: JSON.stringify(header) } });
}

export function readBenchmark(bytes: Uint8Array): Result<Benchmark, BenchmarkCode> {
  const file = readSafetensors(bytes);
  if (!file.ok) return fail("not_a_benchmark", file.failure.message);
  const { tensors, metadata } = file.value;
  const header = parseHeader(metadata["benchmark"]);
  if (header === undefined)
    return fail("not_a_benchmark", "the file's metadata names no Signalbox benchmark of version 1");
  const embeddings = tensors.get("embeddings");
  const prompts = embeddings?.shape[0] ?? 0;
  const dimension = embeddings?.shape[1] ?? 0;
  const models = header.models.length;
  const shapes: Record<string, readonly [Tensor["dtype"], number]> = {
    embeddings: ["I8", prompts * dimension],
    embedding_scales: ["F32", prompts],
    outcomes: ["U16", prompts * models],
    task_of: ["U16", prompts],
    input_tokens: ["F32", prompts],
    text_keys: ["U8", prompts * KEY_BYTES],
  };
  for (const [name, [dtype, length]] of Object.entries(shapes)) {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== dtype || tensor.data.length !== length) {
      return fail(
        "damaged_benchmark",
        `tensor ${name} is missing or does not fit ${prompts} prompts and ${models} models`,
      );
    }
  }
  const numbers = (name: string) => (tensors.get(name) as Tensor).data;
  const taskOf = Int32Array.from(numbers("task_of"));
  if (taskOf.some((d) => d >= header.tasks.length))
    return fail("damaged_benchmark", "a prompt belongs to no task of the header");
  const lengths = tensors.get("output_tokens");
  return ok({
    header,
    dataset: {
      models: header.models,
      tasks: header.tasks,
      taskOf,
      ids: Array.from(taskOf, (d, i) => `${header.tasks[d]}#${i}`),
      textKeys: hexKeys(numbers("text_keys") as Uint8Array),
      embeddings: dequantize(numbers("embeddings"), numbers("embedding_scales"), dimension),
      outcomes: fromFixed(numbers("outcomes"), models, SCORE_LEVELS),
      outputTokens:
        lengths === undefined
          ? matrix(prompts, models, new Float32Array(prompts * models).fill(Number.NaN))
          : fromFixed(lengths.data, models, 1),
      inputTokens: Float64Array.from(numbers("input_tokens")),
    },
  });
}

function parseHeader(json: string | undefined): BenchmarkHeader | undefined {
  try {
    const header = JSON.parse(json ?? "") as BenchmarkHeader;
    return header.format === "signalbox-benchmark" && header.version === 1 ? header : undefined;
  } catch {
    return undefined;
  }
}

function toFixed({ data }: Matrix, levels: number): Uint16Array {
  return Uint16Array.from(data, (value) =>
    Number.isNaN(value) ? MISSING : Math.min(Math.round(value * levels), MISSING - 1),
  );
}

function fromFixed(values: ArrayLike<number>, columns: number, levels: number): Matrix {
  const data = Float32Array.from(values, (value) => (value === MISSING ? Number.NaN : value / levels));
  return matrix(data.length / columns, columns, data);
}

/** Unit vectors again: rounding to int8 leaves them a little short or long. */
function dequantize(values: ArrayLike<number>, scales: ArrayLike<number>, dimension: number): Matrix {
  const data = Float32Array.from(values, (value, k) => value * scales[Math.floor(k / dimension)]);
  return normalizeRows(matrix(scales.length, dimension, data));
}

function keyBytes(keys: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(keys.length * KEY_BYTES);
  keys.forEach((key, i) => {
    bytes.set(Buffer.from(key.slice(0, 2 * KEY_BYTES), "hex"), i * KEY_BYTES);
  });
  return bytes;
}

function hexKeys(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return Array.from({ length: bytes.length / KEY_BYTES }, (_, i) =>
    text.slice(i * 2 * KEY_BYTES, (i + 1) * 2 * KEY_BYTES),
  );
}
