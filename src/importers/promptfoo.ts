import * as v from "valibot";
import { fail, ok } from "../core/result.ts";
import { readJsonLines } from "../outcomes/json-lines.ts";
import { promptText } from "./chat-prompt.ts";
import { chooseMetric } from "./choose-metric.ts";
import { nameOfFile } from "./file-name.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import { checkShape, readJsonDocument } from "./json-document.ts";
import { parseJson } from "./parse-json.ts";
import { readPromptfooCsv } from "./promptfoo-csv.ts";
import { toScore } from "./score.ts";

const noun = "a promptfoo result";
const usageSchema = v.looseObject({ completion: v.nullish(v.number()) });
const resultSchema = v.looseObject({
  provider: v.looseObject({ id: v.optional(v.string()), label: v.optional(v.string()) }),
  prompt: v.looseObject({ raw: v.string() }),
  vars: v.optional(v.looseObject({}), {}),
  success: v.boolean(),
  score: v.number(),
  namedScores: v.nullish(v.record(v.string(), v.unknown())),
  failureReason: v.nullish(v.number()),
  error: v.nullish(v.string()),
  cost: v.nullish(v.number()),
  response: v.nullish(v.looseObject({ output: v.optional(v.unknown()), tokenUsage: v.nullish(usageSchema) })),
});
/** The document of `-o results.json`; the summary that promptfoo's library returns is its `results` alone. */
const fileSchema = v.looseObject({
  results: v.union([v.looseObject({ results: v.array(v.unknown()) }), v.array(v.unknown())]),
  config: v.nullish(v.looseObject({ description: v.nullish(v.string()) })),
});
type PromptfooResult = v.InferOutput<typeof resultSchema>;

/** promptfoo's word for "the call or an assertion broke", as against a wrong answer. */
const FAILURE_REASON_ERROR = 2;

/** Results of promptfoo, written with `promptfoo eval -o results.json`. */
export const promptfoo: Importer = {
  noun,
  summary: "promptfoo: results.json, .jsonl or .csv of promptfoo eval -o",
  async *read(file, options) {
    if (/\.jsonl(\.gz)?$/.test(file)) return yield* readLines(file, options);
    if (/\.csv(\.gz)?$/i.test(file)) return yield* readPromptfooCsv(file, options);
    const document = await readJsonDocument(file, fileSchema, noun);
    if (!document.ok) return yield document;
    const { results, config } = document.value.value;
    const task = options.task ?? (config?.description || nameOfFile(file));
    const isSummary = Array.isArray(results);
    const places = document.value.placesOf(isSummary ? ["results"] : ["results", "results"]);
    for (const [index, result] of (isSummary ? results : results.results).entries()) {
      yield readUnchecked(result, { file, place: places[index] as string, task }, options);
    }
  },
};

interface Source {
  readonly file: string;
  readonly place: string;
  readonly task: string;
}

/** Lines of `-o results.jsonl` are results too. */
async function* readLines(file: string, options: ImportOptions): AsyncGenerator<ImportItem> {
  const task = options.task ?? nameOfFile(file);
  for await (const item of readJsonLines(file, parseJson)) {
    if (!item.ok) return yield item;
    yield readUnchecked(item.value.value, { file, place: `${file}:${item.value.line}`, task }, options);
  }
}

function readUnchecked(value: unknown, source: Source, options: ImportOptions): ImportItem {
  // A call that failed has no prompt or score, which in any other result would be a fault of the file.
  if (isFailedCall(value)) return ok({ skipped: "the call ended in an error", place: source.place });
  const result = checkShape(resultSchema, value, source.file, noun, () => source.place);
  return result.ok ? readResult(result.value, source, options) : result;
}

function isFailedCall(value: unknown): boolean {
  return v.is(v.looseObject({ failureReason: v.literal(FAILURE_REASON_ERROR) }), value);
}

function readResult(
  result: PromptfooResult,
  { file, place, task }: Source,
  options: ImportOptions,
): ImportItem {
  const values: Readonly<Record<string, unknown>> = {
    ...result.namedScores,
    score: result.score,
    pass: result.success,
  };
  const metrics = options.metrics.length === 0 ? ["score"] : options.metrics;
  const metric = chooseMetric(Object.keys(values), place, file, { ...options, metrics });
  if (!metric.ok) return metric;
  const score = toScore(values[metric.value], `"${metric.value}"`, place, file, options);
  if (!score.ok) return score;
  const { promptField } = options;
  const prompt = promptText(promptField === undefined ? result.prompt.raw : result.vars[promptField]);
  if (prompt === undefined) return ok({ skipped: "no prompt text", place });
  const model = options.model ?? (result.provider.label || result.provider.id);
  if (!model)
    return fail("unknown_model", `${place}: the provider has no id; give the model with --model`, file);
  const output = result.response?.output;
  const outputTokens = result.response?.tokenUsage?.completion;
  return ok({
    task,
    prompt,
    model,
    score: score.value,
    ...(typeof output === "string" ? { outputChars: output.length } : {}),
    // A cached answer has no counts and costs nothing: that says nothing of the next call.
    ...(outputTokens ? { outputTokens } : {}),
    ...(result.cost ? { costUsd: result.cost } : {}),
    place,
  });
}
