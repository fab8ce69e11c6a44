import * as v from "valibot";
import { ok } from "../core/result.ts";
import { readJsonLines } from "../outcomes/json-lines.ts";
import { promptText } from "./chat-prompt.ts";
import { chooseMetric } from "./choose-metric.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import { checkShape } from "./json-document.ts";
import { parseJson } from "./parse-json.ts";
import { toScore } from "./score.ts";

const noun = "a log of OpenAI evals";
const specSchema = v.looseObject({
  spec: v.looseObject({
    completion_fns: v.pipe(v.array(v.string()), v.minLength(1)),
    eval_name: v.string(),
    base_eval: v.optional(v.string()),
  }),
});
const eventSchema = v.looseObject({ sample_id: v.string(), type: v.string(), data: v.unknown() });
const samplingSchema = v.looseObject({
  prompt: v.unknown(),
  sampled: v.unknown(),
  usage: v.nullish(v.looseObject({ completion_tokens: v.nullish(v.number()) })),
});

/** What the events of one sample have told so far. */
interface Progress {
  readonly place: string;
  sampling?: v.InferOutput<typeof samplingSchema>;
  readonly values: Map<string, unknown>;
  failed: boolean;
}

/** Logs of OpenAI's evals, written by `oaieval ... --record_path log.jsonl`. */
export const openAiEvals: Importer = {
  noun,
  summary: "OpenAI evals: the .jsonl log of oaieval",
  async *read(file, options) {
    let spec: v.InferOutput<typeof specSchema>["spec"] | undefined;
    const samples = new Map<string, Progress>();
    for await (const item of readJsonLines(file, parseJson, true)) {
      if (!item.ok && item.failure.code === "cut_line" && spec !== undefined) {
        yield ok({ skipped: "the last line is cut off", place: file });
        break;
      }
      if (!item.ok) return yield item;
      const { line, value } = item.value;
      const place = `${file}:${line}`;
      if (spec === undefined) {
        const first = checkShape(specSchema, value, file, noun, () => place);
        if (!first.ok) return yield first;
        spec = first.value.spec;
      } else if (!v.is(v.looseObject({ final_report: v.unknown() }), value)) {
        const event = checkShape(eventSchema, value, file, noun, () => place);
        if (!event.ok) return yield event;
        const progress = samples.get(event.value.sample_id) ?? { place, values: new Map(), failed: false };
        samples.set(event.value.sample_id, progress);
        recordEvent(progress, event.value);
      }
    }
    const model = options.model ?? (spec?.completion_fns[0] as string);
    const task = options.task ?? (spec?.base_eval || (spec?.eval_name as string));
    const name = spec?.eval_name ?? "";
    for (const [id, progress] of samples) yield toItem(id, progress, { file, model, task, name }, options);
  },
};

function recordEvent(progress: Progress, { type, data }: v.InferOutput<typeof eventSchema>): void {
  if (type === "error") progress.failed = true;
  // A later sampling is a model that grades the first one's answer.
  if (type === "sampling" && progress.sampling === undefined && v.is(samplingSchema, data))
    progress.sampling = data;
  if (typeof data !== "object" || data === null) return;
  if (type === "match" && "correct" in data) progress.values.set("match", data.correct);
  if (type !== "metrics") return;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === "number" || typeof value === "boolean") progress.values.set(name, value);
  }
}

interface Run {
  readonly file: string;
  readonly model: string;
  readonly task: string;
  /** Of the eval, with its version. */
  readonly name: string;
}

function toItem(
  id: string,
  { place, sampling, values, failed }: Progress,
  { file, model, task, name }: Run,
  options: ImportOptions,
): ImportItem {
  if (failed) return ok({ skipped: "the sample ended in an error", place });
  if (values.size === 0) return ok({ skipped: "no match or metrics event", place });
  const prompt = promptText(sampling?.prompt);
  if (sampling === undefined || prompt === undefined) return ok({ skipped: "no prompt text", place });
  const metric = chooseMetric([...values.keys()], place, file, options);
  if (!metric.ok) return metric;
  const score = toScore(values.get(metric.value), `"${metric.value}"`, place, file, options);
  if (!score.ok) return score;
  const [answer] = Array.isArray(sampling.sampled) ? (sampling.sampled as unknown[]) : [sampling.sampled];
  const outputTokens = sampling.usage?.completion_tokens;
  return ok({
    task,
    id,
    prompt,
    // Chat and completion models are sent the same sample in different forms.
    fingerprint: `${name} ${id}`,
    model,
    score: score.value,
    ...(typeof answer === "string" ? { outputChars: answer.length } : {}),
    ...(outputTokens ? { outputTokens } : {}),
    place,
  });
}
