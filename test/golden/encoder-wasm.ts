/**
 * Writes encoder-wasm.json: the first numbers of each golden case's embedding as the WebAssembly runtime computes
 * it. It is the same on every machine, in Node and in workerd, so tests hold both to it closely.
 *
 *   node test/golden/encoder-wasm.ts
 */
import { writeFileSync } from "node:fs";
import { createEncoder } from "../../src/encoder/encoder.ts";
import { goldenCases } from "../encoder/golden-cases.ts";
import { modelFiles } from "../encoder/model-files.ts";
import { createWasmSession } from "../encoder/wasm-session.ts";

const NUMBERS = 8;

const encoder = await createEncoder(modelFiles, await createWasmSession(modelFiles));
if (!encoder.ok) throw new Error(encoder.failure.message);
const rows: string[] = [];
for (const { text } of goldenCases) {
  const embedding = await encoder.value.embed(text);
  rows.push(JSON.stringify(Array.from(embedding.subarray(0, NUMBERS), (value) => Number(value.toFixed(6)))));
}
writeFileSync(new URL("encoder-wasm.json", import.meta.url), `[\n${rows.join(",\n")}\n]\n`);
