import { parseArgs } from "node:util";
import { evaluateRouters } from "../../src/evaluation/evaluate.ts";
import { loadOutcomes } from "../../src/evaluation/load-outcomes.ts";
import { formatTable } from "../../src/evaluation/report/table.ts";
import type { Router } from "../../src/evaluation/router.ts";
import { bundleRouter } from "../../src/evaluation/routers/bundle.ts";
import { type Matrix, matrix } from "../../src/numerics/matrix.ts";
import type { Dataset } from "../../src/training/dataset.ts";

// What the lexical view alone costs in quality, by cross-validation:
// `node test/bench/lexical-cost.ts models/benchmarks/llmrouter.safetensors ...`.
const { positionals } = parseArgs({ allowPositionals: true });
const full = bundleRouter("landmark-heads");
const lexical: Router = {
  name: "lexical",
  async fit(train, seed) {
    const fitted = await full.fit(lexicalOnly(train), seed);
    return { predict: (test) => fitted.predict(lexicalOnly(test)) };
  },
};
for (const file of positionals) {
  const outcomes = await loadOutcomes([file], {
    cacheDirectory: ".signalbox/embeddings",
    openEncoder: () => Promise.reject(new Error(`${file} is no benchmark file`)),
    onProgress: () => {},
  });
  if (!outcomes.ok) throw new Error(outcomes.failure.message);
  const report = await evaluateRouters(outcomes.value.dataset, {
    protocol: "cv",
    minCoverage: 0.9,
    maxIncomplete: 0.05,
    folds: 5,
    seed: 0,
    together: [],
    suite: file,
    routers: [full, lexical],
    lotoRouters: [],
    experiments: [],
  });
  if (!report.ok) throw new Error(report.failure.message);
  console.log(formatTable(report.value));
}

/** The second half of the embedding, of unit length again. */
function lexicalOnly(dataset: Dataset): Dataset {
  const { embeddings } = dataset;
  const half: Matrix = matrix(embeddings.rows, embeddings.columns / 2);
  for (let i = 0; i < half.rows; i++) {
    const start = i * embeddings.columns + half.columns;
    const values = embeddings.data.subarray(start, start + half.columns);
    const length = Math.hypot(...values);
    half.data.set(
      values.map((value) => value / length),
      i * half.columns,
    );
  }
  return { ...dataset, embeddings: half };
}
