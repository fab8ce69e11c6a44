import { beforeAll, expect, test } from "vitest";
import { readOnnxNodes, writeOnnx } from "../../models/encoder/build/onnx-file.ts";
import { createEncoder } from "../../src/encoder/encoder.ts";
import { parseManifest } from "../../src/encoder/manifest.ts";
import type { EncoderInput } from "../../src/encoder/session.ts";
import { findTensor, floatsOf } from "../../src/encoder/tensor-file.ts";
import { InferenceSession, Tensor } from "../../src/onnx/onnx-runtime.ts";
import { modelFiles } from "./model-files.ts";

// x64 CPUs without VNNI multiply u8 by s8 with vpmaddubsw, which adds the products of two neighbors in 16 bits and stops
// at their ends. These tests compute both sums themselves, so that they show the same on every CPU.
const text = "Wie viele Teiler hat 360?";
const [LEAST_I16, MOST_I16] = [-32768, 32767];

interface Product {
  readonly name: string;
  /** [tokens, inputs] */
  readonly activations: Float32Array;
  /** What onnxruntime-web made of them; [tokens, outputs] */
  readonly served: Float32Array;
  /** [inputs, outputs] */
  readonly weights: Int8Array;
  readonly scales: Float32Array;
  readonly bias: Float32Array | undefined;
}

let products: readonly Product[];
beforeAll(async () => {
  products = await observeProducts(await inputOf(text));
});

test("the encoder has pairs of weights that bright neighbors carry over 16 bits", () => {
  expect(products).toHaveLength(24);
  for (const { name, weights, scales } of products) {
    let [least, most] = [0, 0];
    for (let k = 0; k < weights.length; k += 2 * scales.length) {
      for (let n = k; n < k + scales.length; n++) {
        const [a, b] = [weights[n] as number, weights[n + scales.length] as number];
        most = Math.max(most, 255 * (Math.max(a, 0) + Math.max(b, 0)));
        least = Math.min(least, 255 * (Math.min(a, 0) + Math.min(b, 0)));
      }
    }
    expect(Math.max(most / MOST_I16, least / LEAST_I16), name).toBeGreaterThan(1);
  }
});

test("a sentence reaches them; what is served are the sums that do not saturate", () => {
  let reached = 0;
  for (const product of products) {
    const { name, served } = product;
    const { exact, saturating, saturated } = multiply(product);
    reached += saturated;
    // Sums of integers are exact; what remains is the rounding of float32: 1e-7 was found.
    expect(distance(served, exact), name).toBeLessThan(1e-6);
    if (saturated > 0) expect(distance(served, saturating), name).toBeGreaterThan(1e-6);
  }
  expect(reached).toBeGreaterThan(100);
});

async function inputOf(text: string): Promise<EncoderInput> {
  let seen: EncoderInput | undefined;
  const encoder = await createEncoder(modelFiles, {
    async embed(input) {
      seen = input;
      return new Float32Array(768);
    },
  });
  if (!encoder.ok) throw new Error(encoder.failure.message);
  await encoder.value.embed(text);
  return seen as EncoderInput;
}

/** Runs the encoder's graph with what goes into its integer products, and what comes out, as further outputs. */
async function observeProducts(input: EncoderInput): Promise<readonly Product[]> {
  const manifest = parseManifest(modelFiles.manifest);
  if (!manifest.ok) throw new Error(manifest.failure.message);
  const { tensors } = manifest.value;
  const { weights } = modelFiles;
  const nodes = readOnnxNodes(modelFiles.graph).filter(({ type }) => type === "DynamicQuantizeMatMul");
  const outputs = nodes.flatMap(({ inputs: [activations = ""], outputs: [served = ""] }) =>
    [activations, served].map((name) => ({ name, type: "F32", shape: [1, "tokens", `of ${name}`] }) as const),
  );
  // Messages of Protobuf that follow one another are one message with the fields of all.
  const more = writeOnnx({ nodes: [], tensors: [], inputs: [], outputs });
  const session = await InferenceSession.create(Buffer.concat([modelFiles.graph, more]), {
    executionProviders: ["wasm"],
    externalData: [{ path: "weights.bin", data: weights }],
    graphOptimizationLevel: "disabled",
  });
  const values = await session.run({
    input_ids: new Tensor("int32", input.inputIds, [1, input.inputIds.length]),
    lexical_ids: new Tensor("int32", input.lexicalIds, [input.lexicalIds.length]),
    lexical_counts: new Tensor("float32", input.lexicalCounts, [input.lexicalCounts.length]),
  });
  const floats = (name: string) => values[name]?.data as Float32Array;
  return nodes.map(({ inputs: [x = "", weight = "", scale = "", , bias = ""], outputs: [y = ""] }) => {
    const { offset, bytes } = findTensor(tensors, weight, "I8", weights.byteLength);
    return {
      name: weight,
      activations: floats(x),
      served: floats(y),
      weights: Int8Array.from(weights.subarray(offset, offset + bytes)),
      scales: floatsOf(weights, tensors, scale),
      bias: bias === "" ? undefined : floatsOf(weights, tensors, bias),
    };
  });
}

/** The product with exact sums, with sums as vpmaddubsw makes them, and how many of its pairs saturated. */
function multiply({ activations, weights, scales, bias }: Product) {
  const { values, scale, zeroPoint } = quantize(activations);
  const outputs = scales.length;
  const inputs = weights.length / outputs;
  const exact: number[] = [];
  const saturating: number[] = [];
  let saturated = 0;
  for (let token = 0; token * inputs < values.length; token++) {
    const sums = new Int32Array(outputs);
    const lost = new Int32Array(outputs);
    for (let k = 0; k < inputs; k += 2) {
      const x = values[token * inputs + k] as number;
      const y = values[token * inputs + k + 1] as number;
      for (let n = 0; n < outputs; n++) {
        const [a, b] = [weights[k * outputs + n] as number, weights[(k + 1) * outputs + n] as number];
        const pair = x * a + y * b;
        sums[n] = (sums[n] as number) + pair - zeroPoint * (a + b);
        if (pair >= LEAST_I16 && pair <= MOST_I16) continue;
        lost[n] = (lost[n] as number) + pair - (pair > 0 ? MOST_I16 : LEAST_I16);
        saturated++;
      }
    }
    scales.forEach((weightScale, n) => {
      const [sum, less, unit] = [sums[n] as number, lost[n] as number, scale * weightScale];
      exact.push(sum * unit + (bias?.[n] ?? 0));
      saturating.push((sum - less) * unit + (bias?.[n] ?? 0));
    });
  }
  return { exact, saturating, saturated };
}

/** To u8 as DynamicQuantizeLinear does: one scale for all, 0 among the values it can write. */
function quantize(activations: Float32Array) {
  let [least, most] = [0, 0];
  for (const value of activations) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const scale = Math.fround(Math.fround(most - least) / 255);
  const zeroPoint = roundHalfToEven(Math.fround(-least / scale));
  const values = Uint8Array.from(activations, (value) =>
    Math.min(Math.max(roundHalfToEven(Math.fround(value / scale)) + zeroPoint, 0), 255),
  );
  return { values, scale, zeroPoint };
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Largest difference of two numbers, in shares of the largest number. */
function distance(a: Float32Array, b: readonly number[]): number {
  let [largest, difference] = [0, 0];
  for (let k = 0; k < b.length; k++) {
    largest = Math.max(largest, Math.abs(b[k] as number));
    difference = Math.max(difference, Math.abs((a[k] as number) - (b[k] as number)));
  }
  return difference / largest;
}
