import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";

// Threads would cut products up by their number, which decides the order of sums and so their rounding.
env.wasm.numThreads = 1;
env.logLevel = "error";

/**
 * onnxruntime-web, for Node. WebAssembly without its relaxed instructions leaves nothing to the CPU, so that it gives the
 * same bits everywhere. The npm package holds this module bundled, with the WebAssembly beside it.
 */
export { InferenceSession, Tensor };
