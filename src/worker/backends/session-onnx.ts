import runtime from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { EncoderFiles } from "../../encoder/files.ts";
import { oneAtATime } from "../../encoder/one-at-a-time.ts";
import { onnxSession } from "../../encoder/onnx-session.ts";
import type { EncoderSession } from "../../encoder/session.ts";
import { withPrecompiledWasm } from "./precompiled-wasm.ts";

env.wasm.numThreads = 1; // an isolate has one thread
env.wasm.proxy = false;
env.wasm.wasmBinary = new ArrayBuffer(8); // never read: see precompiled-wasm.ts
env.logLevel = "error";

/**
 * Opens the encoder graph with stock onnxruntime-web. Graph and weights are copied into the runtime's memory; the
 * session keeps no reference to `files`, so that the caller can let 24 MB go. Throws if the runtime refuses them.
 */
export async function createOnnxWebSession({
  graph,
  weights,
}: Pick<EncoderFiles, "graph" | "weights">): Promise<EncoderSession> {
  const session = await withPrecompiledWasm(runtime, () =>
    InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      externalData: [{ path: "weights.bin", data: weights }],
      graphOptimizationLevel: "disabled", // the graph is written optimized
    }),
  );
  // Made elsewhere: closures of one function share what any of them refers to, so one made here would hold the files.
  return oneAtATime(onnxSession<Tensor>(session, Tensor));
}
