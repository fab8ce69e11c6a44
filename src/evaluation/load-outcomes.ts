import { readFile } from "node:fs/promises";
import { fail, ok, type Result } from "../core/result.ts";
import { embedTexts, type LocalEncoder } from "../embedding/embed-texts.ts";
import { matrix } from "../numerics/matrix.ts";
import { orderRecords } from "../training/build-dataset.ts";
import type { Dataset } from "../training/dataset.ts";
import { embedDataset, type Progress, readSuites } from "../training/load-dataset.ts";
import { readBenchmark } from "./benchmark-file.ts";
import type { Texts } from "./experiments/robustness.ts";
import { joinDatasets } from "./join-datasets.ts";

export interface LoadedOutcomes {
  readonly dataset: Dataset;
  /** Absent where a benchmark file, which has no texts, is among the files. */
  readonly texts?: Texts;
}

export interface LoadOptions {
  readonly cacheDirectory: string;
  /** Called only where texts have to be embedded. */
  readonly openEncoder: () => Promise<LocalEncoder>;
  readonly onProgress: Progress;
}

/** Outcome files (embedded as far as the cache lacks them) and benchmark files as one dataset. */
export async function loadOutcomes(
  files: readonly string[],
  options: LoadOptions,
): Promise<Result<LoadedOutcomes, string>> {
  const isBenchmark = (file: string) => file.endsWith(".safetensors");
  const datasets: Dataset[] = [];
  for (const file of files.filter(isBenchmark)) {
    const bytes = await readBytes(file);
    if (!bytes.ok) return bytes;
    const benchmark = readBenchmark(bytes.value);
    if (!benchmark.ok) return fail(benchmark.failure.code, `${file}: ${benchmark.failure.message}`, file);
    datasets.push(benchmark.value.dataset);
  }
  const withTexts = files.filter((file) => !isBenchmark(file));
  if (withTexts.length === 0) return ok({ dataset: joinDatasets(datasets) });
  const embedded = await embedOutcomes(withTexts, options);
  if (!embedded.ok || datasets.length === 0) return embedded;
  return ok({ dataset: joinDatasets([...datasets, embedded.value.dataset]) });
}

async function embedOutcomes(
  files: readonly string[],
  { cacheDirectory, openEncoder, onProgress }: LoadOptions,
): Promise<Result<LoadedOutcomes, string>> {
  const records = await readSuites(files);
  if (!records.ok) return records;
  const encoder = await openEncoder();
  const everything = { names: new Map<string, string>(), minOutcomes: 1 };
  const dataset = await embedDataset(records.value, encoder, cacheDirectory, everything, onProgress);
  if (!dataset.ok) return dataset;
  const texts: Texts = {
    prompts: orderRecords(records.value).map(({ prompt }) => prompt),
    async embed(prompts) {
      const embeddings = matrix(prompts.length, encoder.dimension);
      const rows = await embedTexts(encoder, prompts);
      rows.forEach((values, i) => {
        embeddings.data.set(values, i * encoder.dimension);
      });
      return embeddings;
    },
  };
  return ok({ dataset: dataset.value, texts });
}

export async function readBytes(file: string): Promise<Result<Uint8Array, "unreadable_file">> {
  try {
    return ok(await readFile(file));
  } catch (error) {
    return fail("unreadable_file", `${file}: cannot be read (${(error as Error).message})`, file);
  }
}
