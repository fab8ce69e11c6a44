import { fail, ok, type Result } from "../core/result.ts";
import type { EncoderFiles } from "../encoder/files.ts";
import { onnxSession } from "../encoder/onnx-session.ts";
import type { EncoderSession } from "../encoder/session.ts";

export type NativeCode = "native_not_installed" | "native_unusable";

/**
 * Opens the encoder graph with onnxruntime-node, where it is installed: three times as fast as the portable session,
 * and as exact as `judgeAccelerator` finds it on this CPU.
 */
export async function createNativeSession({
  graph,
  weights,
}: Pick<EncoderFiles, "graph" | "weights">): Promise<Result<EncoderSession, NativeCode>> {
  const runtime = await loadRuntime();
  if (!runtime.ok) return runtime;
  const { InferenceSession, Tensor } = runtime.value;
  const session = await InferenceSession.create(graph as Uint8Array<ArrayBuffer>, {
    externalData: [{ path: "weights.bin", data: weights }],
    intraOpNumThreads: 1, // two runs at once on a thread each are faster than one on two
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // x64 CPUs without VNNI saturate sums of u8 x s8 products. The option has the optimizer turn weights to u8, whose
    // products they sum exactly; so it does nothing where the optimizer is off.
    graphOptimizationLevel: "all",
    extra: { session: { x64quantprecision: "1" } },
  });
  return ok(onnxSession(session, Tensor));
}

async function loadRuntime(): Promise<Result<typeof import("onnxruntime-node"), NativeCode>> {
  try {
    return ok(await import("onnxruntime-node"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND")
      return fail("native_not_installed", "onnxruntime-node is not installed");
    return fail("native_unusable", `onnxruntime-node does not load on this machine (${message})`);
  }
}
