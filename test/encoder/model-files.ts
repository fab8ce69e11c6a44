import { readFileSync } from "node:fs";
import type { EncoderFiles } from "../../src/encoder/files.ts";

const read = (name: string): Uint8Array =>
  readFileSync(new URL(`../../models/encoder/${name}`, import.meta.url));

/** The encoder of models/encoder. */
export const modelFiles: EncoderFiles = {
  manifest: read("manifest.json"),
  graph: read("graph.onnx"),
  weights: read("weights.bin"),
  tokenizer: read("tokenizer.json"),
};
