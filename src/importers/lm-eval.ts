import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { fail, ok, type Result } from "../core/result.ts";
import { readJsonLines } from "../outcomes/json-lines.ts";
import { promptText } from "./chat-prompt.ts";
import { chooseMetric } from "./choose-metric.ts";
import { nameOfFile } from "./file-name.ts";
import type { ImportCode, Importer, ImportItem, ImportOptions } from "./importer.ts";
import { checkShape, readJsonDocument } from "./json-document.ts";
import { parseJson } from "./parse-json.ts";
import { toScore } from "./score.ts";

const noun = "a line of an lm-evaluation-harness samples file";
const sampleSchema = v.looseObject({
  doc_id: v.union([v.number(), v.string()]),
  doc: v.looseObject({}),
  arguments: v.union([v.array(v.unknown()), v.looseObject({})]),
  resps: v.optional(v.array(v.unknown())),
  filter: v.optional(v.string(), "none"),
  metrics: v.optional(v.array(v.string())),
  doc_hash: v.optional(v.string()),
});
type LmEvalSample = v.InferOutput<typeof sampleSchema>;

/** Fields of a line that are no metric, for versions of the harness that don't list the metrics. */
const ownFields: ReadonlySet<string> = new Set([
  ...["doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"],
  ...["doc_hash", "prompt_hash", "target_hash"],
]);
const SAMPLES_NAME = /^samples_(.+)_(\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl(?:\.gz)?$/;

/** `samples_<task>_<time>.jsonl` of EleutherAI's lm-evaluation-harness, written with `--log_samples`. */
export const lmEval: Importer = {
  noun,
  summary: "lm-evaluation-harness: samples_*.jsonl of --log_samples",
  async *read(file, options) {
    const model = await readModelName(file, options);
    if (!model.ok) return yield model;
    const task = options.task ?? SAMPLES_NAME.exec(basename(file))?.[1] ?? nameOfFile(file);
    let firstFilter: string | undefined;
    for await (const item of readJsonLines(file, parseJson)) {
      if (!item.ok) return yield item;
      const place = `${file}:${item.value.line}`;
      const sample = checkShape(sampleSchema, item.value.value, file, noun, () => place);
      if (!sample.ok) return yield sample;
      firstFilter ??= sample.value.filter;
      yield readSample(sample.value, { file, place, task, model: model.value, firstFilter }, options);
    }
  },
};

interface Source {
  readonly file: string;
  readonly place: string;
  readonly task: string;
  readonly model: string;
  readonly firstFilter: string;
}

function readSample(sample: LmEvalSample, source: Source, options: ImportOptions): ImportItem {
  const { file, place, task, model, firstFilter } = source;
  const available = metricsOf(sample);
  const wanted = wantedMetrics(options).filter((pair) => available.includes(pair.metric));
  const fitting = wanted.find((pair) => pair.filter === undefined || pair.filter === sample.filter);
  if (wanted.length > 0 && fitting === undefined) {
    return ok({ skipped: `another filter (${sample.filter})`, place });
  }
  if (fitting?.filter === undefined && sample.filter !== firstFilter) {
    return fail(
      "choose_metric",
      `${place}: the answers were filtered in several ways; choose one with --metric: ${[
        firstFilter,
        sample.filter,
      ]
        .flatMap((name) => available.map((metric) => `${metric},${name}`))
        .join(" or ")}`,
      file,
    );
  }
  const metrics = wantedMetrics(options).map((pair) => pair.metric);
  const asked = fitting === undefined ? metrics : [fitting.metric];
  const metric = chooseMetric(available, place, file, { ...options, metrics: asked });
  if (!metric.ok) return metric;
  const score = toScore(sample[metric.value], `"${metric.value}"`, place, file, options);
  if (!score.ok) return score;
  const prompt = promptOf(sample, options);
  if (prompt === undefined) return ok({ skipped: missingPrompt(options), place });
  const outputChars = outputCharsOf(sample);
  return ok({
    task,
    id: String(sample.doc_id),
    prompt,
    // Chat templates differ between models, so that the prompts of one document do too.
    ...(sample.doc_hash === undefined ? {} : { fingerprint: sample.doc_hash }),
    model,
    score: score.value,
    ...(outputChars === undefined ? {} : { outputChars }),
    place,
  });
}

interface WantedMetric {
  readonly metric: string;
  /** Of this metric alone: tasks of one group have filters of their own. */
  readonly filter: string | undefined;
}

/** Metrics may be asked for with their filter, as the harness prints them: `exact_match,strict-match`. */
function wantedMetrics({ metrics }: ImportOptions): readonly WantedMetric[] {
  return metrics.map((name) => {
    const [metric = "", filter] = name.split(",");
    return { metric, filter };
  });
}

function metricsOf(sample: LmEvalSample): readonly string[] {
  return sample.metrics ?? Object.keys(sample).filter((name) => !ownFields.has(name));
}

function promptOf(sample: LmEvalSample, { promptField }: ImportOptions): string | undefined {
  if (promptField !== undefined) return promptText(sample.doc[promptField]);
  // {gen_args_0: {arg_0: context}}, in older versions [[context]]; chat messages are JSON text in a list.
  const first = Object.values(sample.arguments)[0] as unknown;
  let context = typeof first === "object" && first !== null ? (Object.values(first)[0] as unknown) : first;
  if (Array.isArray(context) && context.length === 1) context = context[0];
  return promptText(context);
}

function missingPrompt({ promptField }: ImportOptions): string {
  return promptField === undefined ? "no prompt text" : `no text in the field "${promptField}"`;
}

/** Only generated answers have a length; a choice by likelihood has none. */
function outputCharsOf({ resps }: LmEvalSample): number | undefined {
  const first = resps?.[0];
  const answer = Array.isArray(first) ? (first[0] as unknown) : first;
  return typeof answer === "string" ? answer.length : undefined;
}

/** The harness writes the model's name into the results file beside the samples, not into the samples. */
async function readModelName(file: string, { model }: ImportOptions): Promise<Result<string, ImportCode>> {
  if (model !== undefined) return ok(model);
  const time = SAMPLES_NAME.exec(basename(file))?.[2];
  const results = join(dirname(file), `results_${time}.json`);
  if (time === undefined || !existsSync(results)) {
    return fail(
      "unknown_model",
      `${file}:1: the model's name is in results_<time>.json, which is not beside this file; give it with --model`,
      file,
    );
  }
  const document = await readJsonDocument(
    results,
    v.looseObject({ model_name: v.nullish(v.string()) }),
    "a results file",
  );
  if (!document.ok) return document;
  return document.value.value.model_name
    ? ok(document.value.value.model_name)
    : fail("unknown_model", `${results}:1: names no model; give it with --model`, file);
}
