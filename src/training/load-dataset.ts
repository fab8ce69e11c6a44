import { fail, ok, type Result } from "../core/result.ts";
import { embedTexts, type LocalEncoder } from "../embedding/embed-texts.ts";
import { openEmbeddingCache } from "../embedding/embedding-cache.ts";
import { matrix } from "../numerics/matrix.ts";
import type { OutcomeCode, OutcomeRecord } from "../outcomes/outcome.ts";
import { readOutcomes } from "../outcomes/read-outcomes.ts";
import { buildDataset, type DatasetCode, type DatasetOptions, orderRecords } from "./build-dataset.ts";
import type { Dataset } from "./dataset.ts";

/** Told how many of the prompts that were not in the cache are embedded. */
export type Progress = (done: number, total: number) => void;

// Small enough that an interruption loses little, large enough that appending costs nothing.
const PROMPTS_PER_APPEND = 256;

/**
 * Reads outcome files. A file given as `name=path` has its tasks prefixed with `name/`, so that suites that use the
 * same task names ("math") can be joined.
 */
export async function readSuites(
  files: readonly string[],
): Promise<Result<readonly OutcomeRecord[], OutcomeCode>> {
  const records: OutcomeRecord[] = [];
  for (const { prefix, paths } of groupByPrefix(files)) {
    const read = await readOutcomes(paths);
    if (!read.ok) return read;
    for (const record of read.value) {
      records.push(prefix === "" ? record : { ...record, task: `${prefix}/${record.task}` });
    }
  }
  return ok(records);
}

function groupByPrefix(files: readonly string[]): readonly { prefix: string; paths: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const [, prefix = "", path = file] = /^([\w.-]+)=(.+)$/u.exec(file) ?? [];
    groups.set(prefix, [...(groups.get(prefix) ?? []), path]);
  }
  return Array.from(groups, ([prefix, paths]) => ({ prefix, paths }));
}

/** [texts] unit vectors, from the cache or computed and then cached. */
export async function embedTextsCached(
  texts: readonly string[],
  encoder: LocalEncoder,
  cacheDirectory: string,
  onProgress: Progress = () => {},
): Promise<readonly Float32Array[]> {
  const cache = openEmbeddingCache(cacheDirectory, encoder);
  const missing = [...new Set(texts)].filter((text) => cache.get(text) === undefined);
  for (let start = 0; start < missing.length; start += PROMPTS_PER_APPEND) {
    const part = missing.slice(start, start + PROMPTS_PER_APPEND);
    const embedded = await embedTexts(encoder, part, (done) => onProgress(start + done, missing.length));
    cache.put(part.map((text, k) => ({ text, embedding: embedded[k] as Float32Array })));
  }
  return texts.map((text) => cache.get(text) as Float32Array);
}

/** [records] unit vectors: those that records carry, and those of the prompts of the others. */
export async function embedRecords(
  records: readonly Pick<OutcomeRecord, "prompt" | "embedding">[],
  encoder: LocalEncoder,
  cacheDirectory: string,
  onProgress: Progress = () => {},
): Promise<readonly Float32Array[]> {
  const texts = records.flatMap(({ embedding, prompt }) => (embedding === undefined ? [prompt] : []));
  const embedded = (await embedTextsCached(texts, encoder, cacheDirectory, onProgress)).values();
  return records.map(({ embedding }) =>
    embedding === undefined ? (embedded.next().value as Float32Array) : decodeEmbedding(embedding),
  );
}

/** Embeds the records and builds the dataset, in the order of `orderRecords`. */
export async function embedDataset(
  unordered: readonly OutcomeRecord[],
  encoder: LocalEncoder,
  cacheDirectory: string,
  options: DatasetOptions,
  onProgress: Progress = () => {},
): Promise<Result<Dataset, DatasetCode | "embedding_dimension">> {
  const records = orderRecords(unordered);
  const embedded = await embedRecords(records, encoder, cacheDirectory, onProgress);
  const embeddings = matrix(records.length, encoder.dimension);
  for (const [i, values] of embedded.entries()) {
    if (values.length !== encoder.dimension) {
      const { task, id } = records[i] as OutcomeRecord;
      return fail(
        "embedding_dimension",
        `record "${id}" of task "${task}" carries an embedding of ${values.length} numbers, the encoder gives ${encoder.dimension}; it was collected with another encoder`,
      );
    }
    embeddings.data.set(values, i * encoder.dimension);
  }
  return buildDataset(records, embeddings, options);
}

/** Base64 of int8 values, as feedback carries them, back to a unit vector. */
function decodeEmbedding(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  const values = Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  const norm = Math.hypot(...values);
  return norm > 0 ? values.map((value) => value / norm) : values;
}
