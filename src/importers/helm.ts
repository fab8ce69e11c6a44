import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import { fail, ok, type Result } from "../core/result.ts";
import { chooseMetric } from "./choose-metric.ts";
import type { ImportCode, Importer, ImportItem, ImportOptions } from "./importer.ts";
import { type JsonDocument, readJsonDocument } from "./json-document.ts";
import { toScore } from "./score.ts";

const statsSchema = v.array(
  v.looseObject({
    instance_id: v.string(),
    train_trial_index: v.number(),
    perturbation: v.nullish(v.unknown()),
    stats: v.array(
      v.looseObject({
        name: v.looseObject({ name: v.string(), perturbation: v.nullish(v.unknown()) }),
        mean: v.nullish(v.number()),
      }),
    ),
  }),
);
type InstanceStats = v.InferOutput<typeof statsSchema>[number];

const stateSchema = v.looseObject({
  adapter_spec: v.looseObject({ model: v.string() }),
  request_states: v.array(
    v.looseObject({
      instance: v.looseObject({
        id: v.string(),
        input: v.looseObject({ text: v.nullish(v.string()) }),
        perturbation: v.nullish(v.unknown()),
      }),
      train_trial_index: v.number(),
      request_mode: v.nullish(v.string()),
      output_mapping: v.nullish(v.record(v.string(), v.string())),
      request: v.looseObject({ prompt: v.string() }),
      result: v.nullish(v.looseObject({ completions: v.array(v.looseObject({ text: v.string() })) })),
    }),
  ),
});
type ScenarioState = v.InferOutput<typeof stateSchema>;
type RequestState = ScenarioState["request_states"][number];

const noun = "per-instance statistics of HELM";

/** What HELM counts and how fast it was, as against how good the answer is. */
const NO_SCORE =
  /^(?:num_|training_|inference_|batch_size|max_prob|logprob|finish_reason|prompt_truncated|predicted_index)/;

/**
 * One run of Stanford's HELM: the folder that holds per_instance_stats.json (scores) and scenario_state.json
 * (prompts, answers, model), or either of the two files.
 */
export const helm: Importer = {
  noun,
  summary: "HELM: run folders, or their per_instance_stats.json",
  async *read(path, options) {
    const folder = await folderOf(path);
    const state = await readJsonDocument(
      join(folder, "scenario_state.json"),
      stateSchema,
      "a scenario state of HELM",
    );
    if (!state.ok) return yield state;
    const task = await readTask(folder, options);
    if (!task.ok) return yield task;
    const file = join(folder, "per_instance_stats.json");
    const stats = await readJsonDocument(file, statsSchema, noun);
    if (!stats.ok) return yield stats;
    yield* readStats(file, stats.value, state.value.value, task.value, options);
  },
};

function* readStats(
  file: string,
  stats: JsonDocument<readonly InstanceStats[]>,
  state: ScenarioState,
  task: string,
  options: ImportOptions,
): Generator<ImportItem> {
  const requests = new Map<string, RequestState>();
  for (const request of state.request_states) {
    const key = keyOf(request.instance.id, request.train_trial_index);
    if (!request.instance.perturbation && request.request_mode !== "calibration" && !requests.has(key)) {
      requests.set(key, request);
    }
  }
  const places = stats.placesOf([]);
  for (const [index, instance] of stats.value.entries()) {
    const place = places[index] as string;
    const request = requests.get(keyOf(instance.instance_id, instance.train_trial_index));
    if (instance.perturbation) yield ok({ skipped: "a perturbed copy of another prompt", place });
    else if (request === undefined) {
      yield fail(
        "wrong_format",
        `${place}: scenario_state.json beside it has no instance ${instance.instance_id}; are both files of one run?`,
        file,
      );
    } else
      yield readInstance(instance, request, { file, place, task, model: state.adapter_spec.model }, options);
  }
}

interface Source {
  readonly file: string;
  readonly place: string;
  readonly task: string;
  readonly model: string;
}

function readInstance(
  { instance_id, stats }: InstanceStats,
  request: RequestState,
  { file, place, task, model }: Source,
  options: ImportOptions,
): ImportItem {
  const values = new Map<string, number>();
  for (const { name, mean } of stats) {
    if (!name.perturbation && typeof mean === "number") values.set(name.name, mean);
  }
  const metric = chooseMetric(
    [...values.keys()].filter((name) => !NO_SCORE.test(name)),
    place,
    file,
    {
      ...options,
      metrics: options.metrics.length === 0 ? ["exact_match"] : options.metrics,
    },
  );
  if (!metric.ok) return metric;
  const score = toScore(values.get(metric.value), `"${metric.value}"`, place, file, options);
  if (!score.ok) return score;
  const prompt = promptOf(request, options);
  if (prompt === undefined) return ok({ skipped: "no prompt text", place });
  const answer = request.result?.completions[0]?.text;
  const outputTokens = values.get("num_output_tokens");
  return ok({
    task,
    id: instance_id,
    prompt,
    model: options.model ?? model,
    score: score.value,
    ...(answer === undefined ? {} : { outputChars: answer.length }),
    // Clients that return no tokens are counted as 0.
    ...(outputTokens ? { outputTokens } : {}),
    place,
  });
}

/** The question with its choices, without HELM's instructions and worked examples. */
function promptOf(
  { instance, output_mapping, request }: RequestState,
  options: ImportOptions,
): string | undefined {
  if (options.promptField === "request") return request.prompt || undefined;
  const { text } = instance.input;
  if (!text) return undefined;
  const choices = Object.entries(output_mapping ?? {}).map(([letter, choice]) => `${letter}. ${choice}`);
  return [text, ...choices].join("\n");
}

function keyOf(id: string, trial: number): string {
  return JSON.stringify([id, trial]);
}

async function folderOf(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? path : dirname(path);
}

/** The run's name without what says which model ran: `mmlu:subject=anatomy,model=a_b` is task `mmlu:subject=anatomy`. */
async function readTask(folder: string, { task }: ImportOptions): Promise<Result<string, ImportCode>> {
  if (task !== undefined) return ok(task);
  const spec = await readJsonDocument(
    join(folder, "run_spec.json"),
    v.looseObject({ name: v.string() }),
    "a run spec",
  );
  // A missing run spec is no fault: published runs can be had file by file, and the folder has the same name.
  if (!spec.ok && spec.failure.code !== "unreadable_file") return spec;
  const name = spec.ok ? spec.value.value.name : basename(folder);
  const [scenario, args = ""] = name.split(/:(.*)/s);
  const kept = args.split(",").filter((arg) => arg !== "" && !/^model(?:_deployment)?=/.test(arg));
  const label = [scenario, kept.join(",")].filter((part) => part !== "").join(":");
  return ok(label);
}
