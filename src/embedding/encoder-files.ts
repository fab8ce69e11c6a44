import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EncoderFiles } from "../encoder/files.ts";

/** Reads the encoder's four files from a directory laid out as models/encoder. */
export async function readEncoderFiles(directory: string): Promise<EncoderFiles> {
  const [manifest, graph, weights, tokenizer] = await Promise.all(
    (["manifest.json", "graph.onnx", "weights.bin", "tokenizer.json"] as const).map((name) =>
      readFile(join(directory, name)),
    ),
  );
  return { manifest, graph, weights, tokenizer } as EncoderFiles;
}
