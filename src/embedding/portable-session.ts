import type { EncoderFiles } from "../encoder/files.ts";
import { oneAtATime } from "../encoder/one-at-a-time.ts";
import { onnxSession } from "../encoder/onnx-session.ts";
import type { EncoderSession } from "../encoder/session.ts";
import { InferenceSession, Tensor } from "../onnx/onnx-runtime.ts";

/**
 * Opens the encoder graph with onnxruntime-web: bit for bit what the Worker's onnx backend computes, on every CPU,
 * because WebAssembly without its relaxed instructions leaves nothing to the CPU. `files` should have passed
 * `verifyEncoderFiles`. It computes on the thread that calls it, one text at a time.
 */
export async function createPortableSession({
  graph,
  weights,
}: Pick<EncoderFiles, "graph" | "weights">): Promise<EncoderSession> {
  const session = await InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    externalData: [{ path: "weights.bin", data: weights }],
    graphOptimizationLevel: "disabled", // the graph is written optimised
  });
  return oneAtATime(onnxSession<Tensor>(session, Tensor));
}
