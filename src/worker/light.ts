import { lightBackends } from "./backends/light-backends.ts";
import { createWorker } from "./create-worker.ts";

/** The same Worker without onnxruntime-web, for ENCODER_BACKEND simd and lexical. */
export default createWorker(lightBackends);
