import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Suites whose prompts give the token frequencies and the activation ranges, with their licenses. */
export const calibrationSuites = [
  { name: "mmlu-pro", source: "TIGER-AI-Lab/MMLU-Pro", license: "Apache-2.0" },
  { name: "zeroeval", source: "WildEval/ZeroEval", license: "Apache-2.0" },
  { name: "llmrouter", source: "ulab-uiuc/LLMRouter", license: "MIT" },
  { name: "reasoning-gym", source: "open-thought/reasoning-gym-eval", license: "Apache-2.0" },
] as const;

/** Prompts of a suite's outcomes.jsonl.gz, in file order. */
export function readPrompts(dataDirectory: string, suite: string): string[] {
  const text = gunzipSync(readFileSync(join(dataDirectory, suite, "outcomes.jsonl.gz"))).toString();
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => (JSON.parse(line) as { prompt: string }).prompt);
}

/** `count` items spread evenly over the list. */
export function spread<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, k) => items[Math.floor((k * items.length) / count)] as T);
}
