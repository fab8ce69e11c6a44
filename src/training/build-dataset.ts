import { createHash } from "node:crypto";
import { estimateTokensOfLength } from "../core/cost.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { estimateInputTokens } from "../encoder/input-tokens.ts";
import { type Matrix, matrix } from "../numerics/matrix.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import type { Dataset } from "./dataset.ts";

export interface DatasetOptions {
  /** Every name of a model -> the name it has in the dataset; names that aren't in it stay as they are. */
  readonly names: ReadonlyMap<string, string>;
  /** Models with fewer results are left out. */
  readonly minOutcomes: number;
  /** Only these models, if given; a name that no outcome has is an error. */
  readonly models?: readonly string[];
}

export type DatasetCode = "no_models" | "unknown_model";

/**
 * The records in one order, whatever the order of files and of their lines: ties between neighbors and draws of
 * starting points fall by it, and so the bytes of a bundle.
 */
export function orderRecords(records: readonly OutcomeRecord[]): readonly OutcomeRecord[] {
  const keyed = records.map((record) => ({ record, key: [keyOf(record), record.task, record.id] }));
  return keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ record }) => record);
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  const k = a.findIndex((part, index) => part !== b[index]);
  return k === -1 ? 0 : a[k] < b[k] ? -1 : 1;
}

/**
 * Outcome records and their embeddings -> dataset. Several names of one model on one prompt are averaged.
 * @param embeddings [records, dimension]
 */
export function buildDataset(
  records: readonly OutcomeRecord[],
  embeddings: Matrix,
  { names, minOutcomes, models: only }: DatasetOptions,
): Result<Dataset, DatasetCode> {
  const idOf = (name: string) => names.get(name) ?? name;
  const counts = countOutcomes(records, idOf);
  const wanted =
    only?.map(idOf) ?? [...counts.keys()].filter((model) => (counts.get(model) ?? 0) >= minOutcomes);
  const unknown = wanted.find((model) => !counts.has(model));
  if (unknown !== undefined) return fail("unknown_model", `no outcome is of model "${unknown}"`, "models");
  if (wanted.length === 0) {
    return fail(
      "no_models",
      `no model has ${minOutcomes} outcomes; the most is ${Math.max(0, ...counts.values())}, which --min-outcomes would let in`,
    );
  }
  const models = wanted.toSorted();
  const tasks = [...new Set(records.map(({ task }) => task))].sort();
  const taskIndex = new Map(tasks.map((task, index) => [task, index]));
  const outcomes = table(records, models, idOf, (record) => record.outcomes);
  const outputTokens = table(records, models, idOf, outputTokensOf);
  return ok({
    models,
    tasks,
    taskOf: Int32Array.from(records, ({ task }) => taskIndex.get(task) as number),
    ids: records.map(({ id }) => id),
    textKeys: records.map(keyOf),
    embeddings,
    outcomes,
    outputTokens,
    inputTokens: Float64Array.from(records, ({ prompt }) =>
      estimateInputTokens([{ role: "user", content: prompt }]),
    ),
  });
}

function keyOf({ prompt, task, id }: OutcomeRecord): string {
  return textKey(prompt === "" ? `${task}\n${id}` : prompt);
}

/** Texts that differ only in case and white space count as the same prompt. */
export function textKey(prompt: string): string {
  const normalized = prompt.toLowerCase().replace(/\s+/gu, " ").trim();
  return createHash("sha256").update(normalized).digest("hex").slice(0, 32);
}

/** Results of each model, under the names that the catalogue gives them. */
export function countOutcomes(
  records: readonly OutcomeRecord[],
  idOf: (name: string) => string,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { outcomes } of records) {
    for (const model of new Set(Object.keys(outcomes).map(idOf)))
      counts.set(model, (counts.get(model) ?? 0) + 1);
  }
  return counts;
}

function outputTokensOf({ outputTokens, outputChars }: OutcomeRecord): Readonly<Record<string, number>> {
  if (outputTokens !== undefined) return outputTokens;
  const characters = Object.entries(outputChars ?? {});
  return Object.fromEntries(characters.map(([model, length]) => [model, estimateTokensOfLength(length)]));
}

/** [records, models] means over the names of each model; NaN where there is nothing. */
function table(
  records: readonly OutcomeRecord[],
  models: readonly string[],
  idOf: (name: string) => string,
  valuesOf: (record: OutcomeRecord) => Readonly<Record<string, number>>,
): Matrix {
  const columnOf = new Map(models.map((model, index) => [model, index]));
  const sums = matrix(records.length, models.length);
  const counts = new Uint8Array(sums.data.length);
  records.forEach((record, i) => {
    for (const [name, value] of Object.entries(valuesOf(record))) {
      const column = columnOf.get(idOf(name));
      if (column === undefined) continue;
      const cell = i * models.length + column;
      sums.data[cell] += value;
      counts[cell] += 1;
    }
  });
  for (let cell = 0; cell < counts.length; cell++) {
    sums.data[cell] = counts[cell] === 0 ? Number.NaN : sums.data[cell] / counts[cell];
  }
  return sums;
}
