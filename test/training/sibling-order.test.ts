import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { benchmarkFile } from "../../models/benchmarks/suites.ts";
import { readModelNames } from "../../src/cli/model-names.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { joinDatasets } from "../../src/evaluation/join-datasets.ts";
import { toSuite } from "../../src/evaluation/loso/suite.ts";
import { matrix } from "../../src/numerics/matrix.ts";
import { fitPriors } from "../../src/training/landmark-heads/ability.ts";
import { looseTies, sharedModels } from "../../src/training/suite-ties.ts";

const fileOf = (path: string) => new URL(`../../models/${path}`, import.meta.url);
const catalogue = parseCatalogue(readFileSync(fileOf("default/catalogue.json")));
if (!catalogue.ok) throw new Error(catalogue.failure.message);
const names = await readModelNames(catalogue.value, fileURLToPath(fileOf("benchmarks/names.json")));
const suites = [
  "mmlu-pro",
  "zeroeval",
  "llmrouter",
  "reasoning-gym",
  "ikp",
  "scale-sql",
  "benchpress",
] as const;
const joined = joinDatasets(
  suites.map((suite) => {
    const benchmark = readBenchmark(readFileSync(benchmarkFile(suite)));
    if (!benchmark.ok) throw new Error(benchmark.failure.message);
    const { dataset } = benchmark.value;
    // Priors need no embeddings, and these are nearly all of a file.
    return toSuite(suite, { ...dataset, embeddings: matrix(dataset.ids.length, 0) }, names).dataset;
  }),
);

describe("what seven suites together say of families", () => {
  const priors = fitPriors(joined);
  const priorOf = (name: string) => priors[joined.models.indexOf(names.get(name) ?? name)];

  it.each([
    [["claude-haiku-4.5", "claude-sonnet-4.5", "claude-opus-4.5"]],
    [["claude-3-haiku-20240307", "claude-3-sonnet-20240229", "claude-3-opus-20240229"]],
    [["gpt-5-nano", "gpt-5-mini", "gpt-5", "gpt-5-pro"]],
    [["gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1"]],
    [["gemma-3-270m", "gemma-3-1b", "gemma-3-4b", "gemma-3-12b", "gemma-3-27b"]],
    [["gpt-oss-20b-think", "gpt-oss-120b-think"]],
    [["llama-3.2-1b", "llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"]],
    [["gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro"]],
    [["qwen3-8b-think", "qwen3-14b-think", "qwen3-32b-think", "qwen3-235b-a22b-think"]],
    [["nova-micro", "nova-pro", "nova-premier"]],
  ])("%j stand in order of size", (family) => {
    const values = family.map(priorOf);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    for (const value of values) expect(value > 0 && value < 1).toBe(true);
  });

  it("does not sink the LLMs of one hard suite", () => {
    // Least squares over prompts put the first .05 below the second, which hangs on another bridge.
    expect(priorOf("llama-3.3-70b")).toBeGreaterThan(priorOf("llama-3.1-8b"));
  });

  it("names the pairs that hang on fewer than two LLMs", () => {
    const loose = looseTies(sharedModels(joined));
    expect(loose).toContain("mmlu-pro and reasoning-gym (0)");
    expect(loose.some((pair) => pair.startsWith("mmlu-pro and zeroeval"))).toBe(false);
  });
});
