import type { LocalEncoder } from "../embedding/embed-texts.ts";
import type { DatasetOptions } from "../training/build-dataset.ts";
import type { Dataset } from "../training/dataset.ts";
import { CommandFailure, unwrap } from "./failure.ts";
import { startProgress } from "./progress.ts";

interface LoadOptions extends DatasetOptions {
  readonly encoder: LocalEncoder;
  readonly cache: string;
}

export interface TrainingData {
  readonly dataset: Dataset;
  /** Results of each model, also of those that were left out. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Outcome files, or benchmark files, which hold their embeddings and need no texts. `suite=file` puts `suite/` before tasks. */
export async function loadTrainingData(
  files: readonly string[],
  options: LoadOptions,
): Promise<TrainingData> {
  const isBenchmark = (file: string) => file.endsWith(".safetensors");
  const benchmarks = files.filter(isBenchmark);
  if (benchmarks.length === 0) return embedFiles(files, options);
  if (benchmarks.length < files.length) {
    throw new CommandFailure({
      code: "mixed_files",
      message: "give outcome files or benchmark files (.safetensors), not both at once",
    });
  }
  const { readFile } = await import("node:fs/promises");
  const { readBenchmark } = await import("../evaluation/benchmark-file.ts");
  const { joinDatasets } = await import("../evaluation/join-datasets.ts");
  const { countResults, keepModels, mergeNames } = await import("../evaluation/merge-names.ts");
  const datasets: Dataset[] = [];
  for (const file of benchmarks) {
    const [, suite, path = file] = /^([\w.-]+)=(.+)$/u.exec(file) ?? [];
    const { header, dataset } = unwrap(readBenchmark(await readFile(path)));
    if (header.encoder.checksum !== options.encoder.checksum) {
      throw new CommandFailure({
        code: "encoder_mismatch",
        message: `${path} was made with encoder ${header.encoder.id}, not with ${options.encoder.id}`,
      });
    }
    const prefixed = suite === undefined ? dataset.tasks : dataset.tasks.map((task) => `${suite}/${task}`);
    datasets.push({ ...dataset, tasks: prefixed });
  }
  const merged = mergeNames(joinDatasets(datasets), (name) => options.names.get(name) ?? name);
  return { dataset: unwrap(keepModels(merged, options)), counts: countResults(merged) };
}

async function embedFiles(
  files: readonly string[],
  { encoder, cache, ...options }: LoadOptions,
): Promise<TrainingData> {
  const { embedDataset, readSuites } = await import("../training/load-dataset.ts");
  const records = unwrap(await readSuites(files));
  const progress = startProgress("embedding");
  const dataset = unwrap(await embedDataset(records, encoder, cache, options, progress.update));
  progress.end();
  const { countOutcomes } = await import("../training/build-dataset.ts");
  return { dataset, counts: countOutcomes(records, (name) => options.names.get(name) ?? name) };
}
