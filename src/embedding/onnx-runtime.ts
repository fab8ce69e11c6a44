/** The one module that imports onnxruntime-web; the npm package holds it bundled, with its WebAssembly beside it. */
export { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
