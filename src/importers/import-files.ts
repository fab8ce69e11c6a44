import { fail, ok, type Result } from "../core/result.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";
import type { ImportCode, Importer, ImportOptions } from "./importer.ts";
import { SampleJoin } from "./join-samples.ts";

/** What was read and what was not. */
export interface ImportSummary {
  readonly prompts: number;
  /** Results that went into the records, a model's repeated ones included. */
  readonly results: number;
  /** Results that were averaged into an earlier one of the same prompt and model. */
  readonly repeats: number;
  readonly models: Readonly<Record<string, { readonly prompts: number; readonly mean: number }>>;
  /** Prompts with results of at least two models: the only ones that say which to choose. */
  readonly comparable: number;
  /** Task -> prompts. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly skipped: readonly { readonly reason: string; readonly count: number; readonly first: string }[];
}

export interface ImportedOutcomes {
  readonly records: readonly OutcomeRecord[];
  readonly summary: ImportSummary;
}

/** A tenth of a second's work or so. */
const RESULTS_PER_REPORT = 1000;

/**
 * Reads result files of one tool into one record a prompt. The first fault ends it, so that nothing is half
 * imported.
 * @param models none, one for all files, or one for each file
 */
export async function importFiles(
  importer: Importer,
  files: readonly string[],
  models: readonly string[],
  options: Omit<ImportOptions, "model">,
  onProgress: (results: number) => void = () => {},
): Promise<Result<ImportedOutcomes, ImportCode>> {
  const join = new SampleJoin();
  const skipped = new Map<string, { count: number; first: string }>();
  let results = 0;
  for (const [index, file] of files.entries()) {
    const model = models.length > 1 ? models[index] : models[0];
    for await (const item of importer.read(file, model === undefined ? options : { ...options, model })) {
      if (!item.ok) return item;
      if ("skipped" in item.value) {
        const { skipped: reason, place } = item.value;
        const entry = skipped.get(reason) ?? { count: 0, first: place };
        entry.count++;
        skipped.set(reason, entry);
      } else {
        const added = join.add(item.value, file);
        if (!added.ok) return added;
        results++;
        if (results % RESULTS_PER_REPORT === 0) onProgress(results);
      }
    }
  }
  const records = join.records();
  const reasons = [...skipped].map(([reason, entry]) => ({ reason, ...entry }));
  if (records.length === 0) {
    const why = reasons
      .map(({ reason, count, first }) => `${count} x ${reason}, first at ${first}`)
      .join("; ");
    const file = files[0] as string;
    return fail(
      "nothing_imported",
      `${file}:1: there is no result to import${why && ` (skipped: ${why})`}`,
      file,
    );
  }
  return ok({
    records,
    summary: {
      prompts: records.length,
      results,
      repeats: join.repeats,
      comparable: records.filter(({ outcomes }) => Object.keys(outcomes).length > 1).length,
      models: summarizeModels(records),
      tasks: countTasks(records),
      skipped: reasons,
    },
  });
}

function summarizeModels(records: readonly OutcomeRecord[]): ImportSummary["models"] {
  const tallies = new Map<string, { prompts: number; sum: number }>();
  for (const { outcomes } of records) {
    for (const [model, score] of Object.entries(outcomes)) {
      const tally = tallies.get(model) ?? { prompts: 0, sum: 0 };
      tally.prompts++;
      tally.sum += score;
      tallies.set(model, tally);
    }
  }
  return Object.fromEntries(
    [...tallies].map(([model, { prompts, sum }]) => [model, { prompts, mean: sum / prompts }]),
  );
}

function countTasks(records: readonly OutcomeRecord[]): ImportSummary["tasks"] {
  const counts = new Map<string, number>();
  for (const { task } of records) counts.set(task, (counts.get(task) ?? 0) + 1);
  return Object.fromEntries(counts);
}
