import { env, InferenceSession } from "onnxruntime-web/wasm";
import type { EncoderFiles } from "../../src/encoder/files.ts";
import type { EncoderSession } from "../../src/encoder/session.ts";
import { onnxEncoder } from "../../src/worker/backends/onnx-encoder.ts";

/**
 * Opens the encoder graph with onnxruntime-web in Node: bit for bit what the Worker computes, on every CPU, at
 * about a fifth of the speed of `createNodeSession`. For comparing decisions with the Worker's, and for tests.
 *
 * The native runtime sums in another order. Where that moves an activation across a rounding boundary of its
 * int8 scale, embeddings part by up to 4e-3 in single numbers (cosine distance below 1e-3).
 */
export async function createWasmSession({
  graph,
  weights,
}: Pick<EncoderFiles, "graph" | "weights">): Promise<EncoderSession> {
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    externalData: [{ path: "weights.bin", data: weights }],
    graphOptimizationLevel: "disabled", // the graph is written optimized
  });
  return onnxEncoder(session);
}
