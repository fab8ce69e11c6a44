/**
 * Builds the encoder from the public fp32 weights and calibration.safetensors: graph.onnx, weights.bin,
 * tokenizer.json and manifest.json. The same input gives the same bytes.
 *
 *   node models/encoder/build/build.ts <directory of the fp32 model> [output directory]
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readCalibration } from "./calibration.ts";
import { int8Graph } from "./int8-graph.ts";
import { encoderManifest } from "./manifest-file.ts";
import { readMiniLm } from "./minilm.ts";
import { graphFiles } from "./run-graph.ts";
import { tokenizerFile } from "./tokenizer-file.ts";

// A value in Workers KV.
const MAX_FILE_BYTES = 25 * 1024 * 1024;

const encoderDirectory = fileURLToPath(new URL("..", import.meta.url));
const [modelDirectory, outputDirectory = encoderDirectory] = process.argv.slice(2);
if (modelDirectory === undefined) {
  console.error("usage: build.ts <directory of the fp32 model> [output directory]");
  process.exit(2);
}

const source = readFileSync(join(modelDirectory, "model.safetensors"));
const publicTokenizer = readFileSync(join(modelDirectory, "tokenizer.json"), "utf8");
const calibrationFile = readFileSync(join(encoderDirectory, "calibration.safetensors"));
const calibration = readCalibration(calibrationFile);

const { graph, weights, tensors } = graphFiles(int8Graph(readMiniLm(source), calibration));
const contents = { graph, weights, tokenizer: tokenizerFile(publicTokenizer) };
const manifest = encoderManifest(contents, tensors, {
  source: "sentence-transformers/all-MiniLM-L6-v2",
  sourceFiles: { "model.safetensors": sha256(source), "tokenizer.json": sha256(publicTokenizer) },
  calibration: sha256(calibrationFile),
  calibrationSuites: calibration.suites,
});

mkdirSync(outputDirectory, { recursive: true });
const files = {
  "graph.onnx": graph,
  "weights.bin": weights,
  "tokenizer.json": contents.tokenizer,
  "manifest.json": new TextEncoder().encode(manifest),
};
for (const [name, bytes] of Object.entries(files)) {
  if (bytes.byteLength > MAX_FILE_BYTES)
    throw new Error(`${name} has ${bytes.byteLength} bytes, too many for KV`);
  writeFileSync(join(outputDirectory, name), bytes);
  console.error(`${name} ${bytes.byteLength} bytes sha256 ${sha256(bytes)}`);
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
