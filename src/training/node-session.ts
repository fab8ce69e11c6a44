import { InferenceSession, Tensor } from "onnxruntime-node";
import type { EncoderFiles } from "../encoder/files.ts";
import type { EncoderInput, EncoderSession } from "../encoder/session.ts";

interface NodeSessionOptions {
  /** Threads within one run. More help only long texts: several runs at once on one thread each are faster. */
  readonly threads?: number;
}

/** Opens the encoder graph with onnxruntime-node; `files` should have passed `verifyEncoderFiles`. */
export async function createNodeSession(
  files: Pick<EncoderFiles, "graph" | "weights">,
  { threads = 1 }: NodeSessionOptions = {},
): Promise<EncoderSession> {
  const session = await InferenceSession.create(files.graph, {
    externalData: [{ path: "weights.bin", data: files.weights }],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "disabled", // the graph is written optimised
    logSeverityLevel: 3,
    // x64 CPUs without VNNI saturate sums of u8*s8 products; this lets them take the exact, slower kernel.
    extra: { session: { x64quantprecision: "1" } },
  });
  return {
    async embed({ inputIds, lexicalIds, lexicalCounts }: EncoderInput) {
      const { embedding } = await session.run({
        input_ids: new Tensor("int32", inputIds, [1, inputIds.length]),
        lexical_ids: new Tensor("int32", lexicalIds, [lexicalIds.length]),
        lexical_counts: new Tensor("float32", lexicalCounts, [lexicalCounts.length]),
      });
      return embedding?.data as Float32Array;
    },
  };
}
