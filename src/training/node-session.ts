import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Encoder } from "../encoder/encoder.ts";
import type { EncoderFiles } from "../encoder/files.ts";
import type { EncoderInput, EncoderSession } from "../encoder/session.ts";

/** Reads the encoder's four files from a directory laid out as models/encoder. */
export async function readEncoderFiles(directory: string): Promise<EncoderFiles> {
  const [manifest, graph, weights, tokenizer] = await Promise.all(
    (["manifest.json", "graph.onnx", "weights.bin", "tokenizer.json"] as const).map((name) =>
      readFile(join(directory, name)),
    ),
  );
  return { manifest, graph, weights, tokenizer } as EncoderFiles;
}

interface NodeSessionOptions {
  /** Threads within one run. More than one helps long texts only: two runs at once on a thread each are faster. */
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
    graphOptimizationLevel: "disabled", // the graph is written optimized
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

// One run works while the next is prepared; onnxruntime-node computes each on a thread of Node's pool.
const RUNS_AT_ONCE = 2;

/** Embeds many texts in order, two at a time; `onProgress` is told how many are done. */
export async function embedTexts(
  encoder: Encoder,
  texts: readonly string[],
  onProgress: (done: number) => void = () => {},
): Promise<Float32Array[]> {
  const embeddings: Float32Array[] = new Array(texts.length);
  let next = 0;
  let done = 0;
  async function work(): Promise<void> {
    while (next < texts.length) {
      const k = next++;
      embeddings[k] = await encoder.embed(texts[k] as string);
      onProgress(++done);
    }
  }
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));
  return embeddings;
}
