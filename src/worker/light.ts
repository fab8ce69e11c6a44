import { createWorker } from "./create-worker.ts";
import { lightBackends } from "./light-backends.ts";

/** The same Worker without onnxruntime-web, for ENCODER_BACKEND simd and lexical. */
export default createWorker(lightBackends);
