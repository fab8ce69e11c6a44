/**
 * Records in saturating-cpu.json what onnxruntime-node makes of the golden texts on an x64 CPU without VNNI when nothing
 * keeps its sums from saturating, which is when its optimizer is off. Only there it has anything to record:
 *
 *   node test/golden/saturating-cpu.ts
 */
import { writeFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { goldenVectors, recordGoldenVector, similarityToGolden } from "../../src/embedding/golden-vectors.ts";
import { createEncoder } from "../../src/encoder/encoder.ts";
import { onnxSession } from "../../src/encoder/onnx-session.ts";
import { modelFiles } from "../encoder/model-files.ts";

const graph = await InferenceSession.create(modelFiles.graph as Uint8Array<ArrayBuffer>, {
  externalData: [{ path: "weights.bin", data: modelFiles.weights }],
  graphOptimizationLevel: "disabled",
});
const encoder = await createEncoder(modelFiles, onnxSession(graph, Tensor));
if (!encoder.ok) throw new Error(encoder.failure.message);
const rows: string[] = [];
for (const golden of goldenVectors) {
  const embedding = await encoder.value.embed(golden.text);
  console.log(similarityToGolden(golden, embedding).toFixed(4), golden.text.slice(0, 60));
  rows.push(JSON.stringify(recordGoldenVector(golden.text, embedding)));
}
writeFileSync(new URL("saturating-cpu.json", import.meta.url), `[\n${rows.join(",\n")}\n]\n`);
