/** Where each suite is from; the commit is that of the results. */
export const suites = {
  benchpress: { source: "https://github.com/markstent/BenchPress (8c388f8f)", license: "MIT" },
  ikp: { source: "https://github.com/ktwu01/ikp (e5c42319)", license: "CC-BY-4.0" },
  llmrouter: { source: "https://github.com/ulab-uiuc/LLMRouter (4e7a7969)", license: "MIT" },
  "mmlu-pro": { source: "https://github.com/TIGER-AI-Lab/MMLU-Pro (f418b116)", license: "Apache-2.0" },
  "reasoning-gym": {
    source: "https://github.com/open-thought/reasoning-gym-eval, 2025",
    license: "Apache-2.0",
  },
  routellm: { source: "https://github.com/lm-sys/RouteLLM (0b64fdaf)", license: "Apache-2.0" },
  "scale-sql": { source: "https://github.com/actiontech/sql-llm-benchmark (8a6af029)", license: "MIT" },
  zeroeval: { source: "https://github.com/WildEval/ZeroEval (8c1485ed)", license: "Apache-2.0" },
} as const;

export type Suite = keyof typeof suites;
export const suiteNames = Object.keys(suites) as readonly Suite[];

/** The benchmark file of a suite, beside this module. */
export function benchmarkFile(suite: Suite): URL {
  return new URL(`./${suite}.safetensors`, import.meta.url);
}
