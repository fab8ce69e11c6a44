/**
 * Records what the portable session computes, which is the same on every machine, in Node and in workerd: the first
 * numbers of each golden case's embedding in encoder-wasm.json, and whole embeddings of a few texts, with which `doctor`
 * and `train` judge a machine, in src/embedding/golden-vectors.json. After a new encoder or onnxruntime-web:
 *
 *   node test/golden/encoder-wasm.ts
 */
import { writeFileSync } from "node:fs";
import { recordGoldenVector } from "../../src/embedding/golden-vectors.ts";
import { createPortableSession } from "../../src/embedding/portable-session.ts";
import { createEncoder } from "../../src/encoder/encoder.ts";
import { goldenCases } from "../encoder/golden-cases.ts";
import { modelFiles } from "../encoder/model-files.ts";

const NUMBERS = 8;
const texts = [
  "",
  "Hi",
  "thanks!",
  "How many positive divisors does 360 have?",
  "Prove that the square root of two is irrational, and explain every step to a pupil of twelve.",
  "def area(radius):\n    return 3.14159 * radius ** 2\n\nWhy does area('3') fail?",
  "Der schnelle braune Fuchs springt über den faulen Hund. Übersetze das ins Englische.",
  "为什么天空是蓝色的？请用两句话解释。",
  "🚂🚦 Which of these emoji is a signal? 🙂",
  "x^2 - 5x + 6 = 0 ".repeat(12),
  "The committee met again on Tuesday. ".repeat(30),
  `${"A very long report about rails, sleepers and signals. ".repeat(180)}How long is it?`,
];

const encoder = await createEncoder(modelFiles, await createPortableSession(modelFiles));
if (!encoder.ok) throw new Error(encoder.failure.message);
const rows: string[] = [];
for (const { text } of goldenCases) {
  const embedding = await encoder.value.embed(text);
  rows.push(JSON.stringify(Array.from(embedding.subarray(0, NUMBERS), (value) => Number(value.toFixed(6)))));
}
write(new URL("encoder-wasm.json", import.meta.url), rows);
const vectors: string[] = [];
for (const text of texts)
  vectors.push(JSON.stringify(recordGoldenVector(text, await encoder.value.embed(text))));
write(new URL("../../src/embedding/golden-vectors.json", import.meta.url), vectors);

function write(file: URL, lines: readonly string[]): void {
  writeFileSync(file, `[\n${lines.join(",\n")}\n]\n`);
}
