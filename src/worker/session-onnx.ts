import runtime from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { EncoderFiles } from "../encoder/files.ts";
import type { EncoderInput, EncoderSession } from "../encoder/session.ts";
import { withPrecompiledWasm } from "./precompiled-wasm.ts";

env.wasm.numThreads = 1; // an isolate has one thread
env.wasm.proxy = false;
env.wasm.wasmBinary = new ArrayBuffer(8); // never read: see precompiled-wasm.ts
env.logLevel = "error";

/**
 * Opens the encoder graph with stock onnxruntime-web. Graph and weights are copied into the runtime's memory; the
 * session keeps no reference to `files`, so that the caller can let 24 MB go. Throws if the runtime refuses them.
 */
export async function createOnnxWebSession(
  files: Pick<EncoderFiles, "graph" | "weights">,
): Promise<EncoderSession> {
  const session = await withPrecompiledWasm(runtime, () =>
    InferenceSession.create(files.graph, {
      executionProviders: ["wasm"],
      externalData: [{ path: "weights.bin", data: files.weights }],
      graphOptimizationLevel: "disabled", // the graph is written optimised
    }),
  );

  // Two runs that overlap would share the runtime's stack. A run never waits for I/O, so the one under way always
  // ends within its own turn of the event loop, also when the client of its request has gone.
  let running: Promise<unknown> | undefined;
  return {
    async embed(input) {
      while (running !== undefined) await running;
      const run = runSession(session, input);
      running = run.catch(() => {});
      try {
        return await run;
      } finally {
        running = undefined;
      }
    },
  };
}

async function runSession(session: InferenceSession, input: EncoderInput): Promise<Float32Array> {
  const { inputIds, lexicalIds, lexicalCounts } = input;
  const { embedding } = await session.run({
    input_ids: new Tensor("int32", inputIds, [1, inputIds.length]),
    lexical_ids: new Tensor("int32", lexicalIds, [lexicalIds.length]),
    lexical_counts: new Tensor("float32", lexicalCounts, [lexicalCounts.length]),
  });
  return embedding?.data as Float32Array;
}
