/**
 * Makes the benchmark files from outcome files: `node models/benchmarks/build.ts <folder> [suites...]`, where the
 * folder holds `<suite>/outcomes.jsonl.gz` for every suite.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openEncoder } from "../../src/cli/encoder.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { startProgress } from "../../src/cli/progress.ts";
import { writeBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { loadOutcomes } from "../../src/evaluation/load-outcomes.ts";
import { benchmarkFile, type Suite, suiteNames, suites } from "./suites.ts";

const [folder, ...asked] = process.argv.slice(2);
if (folder === undefined) throw new RangeError("name the folder that holds <suite>/outcomes.jsonl.gz");
const encoder = await openEncoder(undefined, "learning");

for (const suite of asked.length > 0 ? (asked as Suite[]) : suiteNames) {
  const progress = startProgress(suite);
  const { dataset } = unwrap(
    await loadOutcomes([join(folder, suite, "outcomes.jsonl.gz")], {
      cacheDirectory: ".signalbox/embeddings",
      openEncoder: async () => encoder,
      onProgress: progress.update,
    }),
  );
  progress.end();
  const bytes = writeBenchmark({
    header: {
      format: "signalbox-benchmark",
      version: 1,
      suite,
      ...suites[suite],
      encoder: { id: encoder.id, checksum: encoder.checksum },
      models: dataset.models,
      tasks: dataset.tasks,
    },
    dataset,
  });
  await writeFile(benchmarkFile(suite), bytes);
  process.stderr.write(`${suite}: ${(bytes.length / 2 ** 20).toFixed(2)} MiB\n`);
}
