import type { Backend } from "./encoder-backend.ts";
import { lightBackends } from "./light-backends.ts";
import { createOnnxWebSession } from "./session-onnx.ts";

/** onnx, which is the reference, and the backends that need no ONNX runtime. */
export const allBackends = {
  onnx: { isSupported: () => true, openSession: createOnnxWebSession },
  ...lightBackends,
} as const satisfies Record<string, Backend>;
