/**
 * Compares the encoder on Node's native runtime with the WebAssembly runtime that the Worker uses: how far their
 * embeddings part, and how many prompts a second each embeds, tokenizer included.
 *
 *   node models/encoder/build/runtimes.ts <directory of the outcome suites> [suite]
 */
import { fileURLToPath } from "node:url";
import { createEncoder } from "../../../src/encoder/encoder.ts";
import type { EncoderSession } from "../../../src/encoder/session.ts";
import { createNodeSession, embedTexts, readEncoderFiles } from "../../../src/training/node-session.ts";
import { createWasmSession } from "../../../test/encoder/wasm-session.ts";
import { readPrompts, spread } from "./prompts.ts";

const PROMPTS = 500;

const [dataDirectory, suite = "llmrouter-test"] = process.argv.slice(2);
if (dataDirectory === undefined) {
  console.error("usage: runtimes.ts <directory of the outcome suites> [suite]");
  process.exit(2);
}
const files = await readEncoderFiles(fileURLToPath(new URL("..", import.meta.url)));
const prompts = spread(readPrompts(dataDirectory, suite), PROMPTS);
const native = await embedAll(await createNodeSession(files));
const wasm = await embedAll(await createWasmSession(files));

const distances = native.embeddings.map((embedding, k) =>
  distance(embedding, wasm.embeddings[k] as Float32Array),
);
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
console.log(
  JSON.stringify({
    suite,
    prompts: prompts.length,
    nativePerSecond: Math.round(native.perSecond),
    wasmPerSecond: Math.round(wasm.perSecond),
    equalTo1e5: distances.filter(({ absolute }) => absolute < 1e-5).length / distances.length,
    largestCosineDistance: Number(largest(distances.map(({ cosine }) => cosine)).toExponential(2)),
    largestAbsoluteDifference: Number(largest(distances.map(({ absolute }) => absolute)).toExponential(2)),
  }),
);

async function embedAll(session: EncoderSession) {
  const encoder = await createEncoder(files, session);
  if (!encoder.ok) throw new Error(encoder.failure.message);
  await embedTexts(encoder.value, prompts.slice(0, 20)); // compile first
  const start = performance.now();
  const embeddings = await embedTexts(encoder.value, prompts);
  return { embeddings, perSecond: prompts.length / ((performance.now() - start) / 1000) };
}

function distance(a: Float32Array, b: Float32Array): { readonly cosine: number; readonly absolute: number } {
  let dot = 0; // both have length 1
  let absolute = 0;
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k], b[k]];
    dot += x * y;
    absolute = Math.max(absolute, Math.abs(x - y));
  }
  return { cosine: 1 - dot, absolute };
}
