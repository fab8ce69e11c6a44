/**
 * Compares the context view of the int8 encoder with the fp32 model on 500 real prompts of a suite.
 *
 *   node models/encoder/build/fidelity.ts <directory of the fp32 model> <directory of the outcome suites> [suite] [token cap]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { createPortableSession } from "../../../src/embedding/portable-session.ts";
import { encodeText } from "../../../src/encoder/encode-text.ts";
import { parseManifest } from "../../../src/encoder/manifest.ts";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { fp32Graph } from "./fp32-graph.ts";
import { HIDDEN, readMiniLm } from "./minilm.ts";
import { readPrompts, spread } from "./prompts.ts";
import { loadGraph } from "./run-graph.ts";

const PROMPTS = 500;

const [modelDirectory, dataDirectory, suite = "llmrouter-test", cap] = process.argv.slice(2);
if (modelDirectory === undefined || dataDirectory === undefined) {
  console.error(
    "usage: fidelity.ts <directory of the fp32 model> <directory of the outcome suites> [suite] [cap]",
  );
  process.exit(2);
}
const encoderFile = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url));
const manifest = parseManifest(encoderFile("manifest.json"));
const tokenizer = createTokenizer(encoderFile("tokenizer.json"));
if (!manifest.ok || !tokenizer.ok) throw new Error("the encoder's files are not valid");
const limits = { ...manifest.value.input, ...(cap === undefined ? {} : { tokenCap: Number(cap) }) };

const reference = await loadGraph(
  InferenceSession,
  fp32Graph(readMiniLm(readFileSync(join(modelDirectory, "model.safetensors"))), false),
);
const session = await createPortableSession({
  graph: encoderFile("graph.onnx"),
  weights: encoderFile("weights.bin"),
});

const exact: Float32Array[] = [];
const quantized: Float32Array[] = [];
for (const prompt of spread(readPrompts(dataDirectory, suite), PROMPTS)) {
  const input = encodeText(tokenizer.value, prompt, limits);
  const { context } = await reference.run({
    input_ids: new Tensor("int32", input.inputIds, [1, input.inputIds.length]),
  });
  exact.push(context?.data as Float32Array);
  quantized.push((await session.embed(input)).subarray(0, HIDDEN));
}

const cosines = exact.map((vector, k) => cosine(vector, quantized[k] as Float32Array)).sort((a, b) => a - b);
const neighbors = exact.map((_, k) => nearest(exact, k) === nearest(quantized, k));
console.log(
  JSON.stringify({
    suite,
    tokenCap: limits.tokenCap,
    prompts: exact.length,
    cosineMean: round(cosines.reduce((sum, value) => sum + value, 0) / cosines.length),
    cosineMin: round(cosines[0]),
    sameNearestNeighbor: round(neighbors.filter(Boolean).length / neighbors.length),
  }),
);

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k], b[k]];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}

function nearest(vectors: readonly Float32Array[], k: number): number {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  vectors.forEach((vector, other) => {
    const similarity = other === k ? Number.NEGATIVE_INFINITY : cosine(vectors[k] as Float32Array, vector);
    if (similarity > highest) {
      highest = similarity;
      best = other;
    }
  });
  return best;
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
