import { readFileSync } from "node:fs";
import type { EncoderFiles } from "../../src/encoder/files.ts";

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../models/encoder/${name}`, import.meta.url)));

export const encoderFiles: EncoderFiles = {
  manifest: read("manifest.json"),
  graph: read("graph.onnx"),
  weights: read("weights.bin"),
  tokenizer: read("tokenizer.json"),
};

/** Texts of many kinds and lengths; written for these tests. */
export const texts: readonly string[] = [
  "",
  "Hi",
  "What is the capital of France?",
  "Prove that the square root of two is irrational, and explain every step to a pupil of twelve.",
  "def area(radius):\n    return 3.14159 * radius ** 2\n\nWhy does area('3') fail, and how do I make it robust?",
  "A train leaves at 9:40 and travels 212 km at 80 km/h; a second leaves the same place at 10:15 at 95 km/h. When and where does it catch up? Answer with the time and the distance, rounded to one decimal.",
  "Übersetze ins Englische: Der schnelle braune Fuchs springt über den faulen Hund. 日本語でも説明してください。",
  "Which of these gases is monatomic at room temperature?\nA) nitrogen\nB) argon\nC) chlorine\nD) methane\nAnswer with one letter.",
  "x^2 - 5x + 6 = 0 ".repeat(12),
  "The committee met again on Tuesday. ".repeat(30),
  Array.from({ length: 400 }, (_, k) => `item ${k * 37}`).join(", "),
];
