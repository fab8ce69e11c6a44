import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { benchmarkFile } from "../../models/benchmarks/suites.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { joinDatasets } from "../../src/evaluation/join-datasets.ts";
import { samplePrompts, toSuite } from "../../src/evaluation/loso/suite.ts";
import { row } from "../../src/numerics/matrix.ts";
import { takeModels, takePrompts } from "../../src/training/dataset.ts";
import { fitLandmarkHeads } from "../../src/training/fit-landmark-heads.ts";

// Familiarity depends on prompts alone, so that a few models and a sample of the prompts do.
const joined = joinDatasets(
  (["llmrouter", "mmlu-pro", "zeroeval"] as const).map((suite) => {
    const benchmark = readBenchmark(readFileSync(benchmarkFile(suite)));
    if (!benchmark.ok) throw new Error(benchmark.failure.message);
    const { dataset } = benchmark.value;
    const few = takeModels(samplePrompts(dataset, 1200), dataset.models.slice(0, 3));
    return toSuite(suite, few, new Map()).dataset;
  }),
);

it("nine of ten left-out prompts of known tasks are familiar", async () => {
  const places = Array.from(joined.ids.keys());
  const train = Int32Array.from(places.filter((i) => i % 5 !== 0));
  const encoder = { id: "benchmark", checksum: "0".repeat(64), dimension: joined.embeddings.columns };
  // As many prompts a landmark as in the bundled router: fewer, and landmarks are hardly more than the prompts themselves.
  const options = { landmarks: 45, gamma: 3, seed: 0 };
  const predictor = loadPredictor(await fitLandmarkHeads(takePrompts(joined, train), encoder, options));
  if (!predictor.ok) throw new Error(predictor.failure.message);
  const leftOut = places.filter((i) => i % 5 === 0);
  const familiar = leftOut.filter(
    (i) => predictor.value.predict(row(joined.embeddings, i)).familiarity > 0.7,
  );
  expect(leftOut.length).toBe(720);
  expect(familiar.length / leftOut.length).toBeGreaterThan(0.9);
});
