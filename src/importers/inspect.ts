import * as v from "valibot";
import { ok } from "../core/result.ts";
import { promptText } from "./chat-prompt.ts";
import { chooseMetric } from "./choose-metric.ts";
import type { Importer, ImportItem, ImportOptions } from "./importer.ts";
import {
  headerSchema,
  type InspectHeader,
  type InspectSample,
  listingSchema,
  logSchema,
  sampleSchema,
} from "./inspect-schema.ts";
import { checkShape, parseJsonDocument, readJsonDocument } from "./json-document.ts";
import { toScore } from "./score.ts";
import { openZip } from "./zip.ts";

const noun = "an Inspect log";

/** Logs of the UK AI Security Institute's Inspect: one .json file, or a .eval file (a zip of JSON files). */
export const inspect: Importer = {
  noun,
  summary: "Inspect: logs as .eval or .json",
  read: (file, options) => (file.endsWith(".eval") ? readArchive(file, options) : readLog(file, options)),
};

async function* readLog(file: string, options: ImportOptions): AsyncGenerator<ImportItem> {
  const document = await readJsonDocument(file, v.union([listingSchema, v.looseObject({})]), noun);
  if (!document.ok) return yield document;
  const { value, placeOf, placesOf } = document.value;
  if (v.is(listingSchema, value)) {
    return yield ok({ skipped: "Inspect's list of logs, no log itself", place: `${file}:1` });
  }
  const log = checkShape(logSchema, value, file, noun, placeOf);
  if (!log.ok) return yield log;
  const { samples, status = "unknown" } = log.value;
  if (samples === undefined) {
    return yield ok({ skipped: `a log without samples (status ${status})`, place: `${file}:1` });
  }
  const places = placesOf(["samples"]);
  for (const [index, sample] of samples.entries()) {
    yield readSample(sample, log.value, { file, place: places[index] as string }, options);
  }
}

async function* readArchive(file: string, options: ImportOptions): AsyncGenerator<ImportItem> {
  const zip = await openZip(file, noun);
  if (!zip.ok) return yield zip;
  try {
    // Written last: a run that was killed leaves its journal and samples that nobody scored to the end.
    if (!zip.value.names.includes("header.json") && zip.value.names.includes("_journal/start.json")) {
      return yield ok({ skipped: "an unfinished log, without a header", place: file });
    }
    const headerText = await zip.value.readText("header.json");
    if (!headerText.ok) return yield headerText;
    const header = parseJsonDocument(headerText.value, `${file}/header.json`, headerSchema, noun);
    if (!header.ok) return yield header;
    for (const name of zip.value.names.filter((entry) => entry.startsWith("samples/"))) {
      const text = await zip.value.readText(name);
      if (!text.ok) return yield text;
      const sample = parseJsonDocument(
        text.value,
        `${file}/${name}`,
        sampleSchema,
        "a sample of an Inspect log",
      );
      if (!sample.ok) return yield sample;
      yield readSample(sample.value.value, header.value.value, { file, place: `${file}/${name}:1` }, options);
    }
  } finally {
    await zip.value.close();
  }
}

function readSample(
  sample: InspectSample,
  { eval: run }: InspectHeader,
  { file, place }: { readonly file: string; readonly place: string },
  options: ImportOptions,
): ImportItem {
  if (sample.error) return ok({ skipped: "the sample ended in an error", place });
  const values = metricsOf(sample);
  if (values.size === 0) return ok({ skipped: "the sample was not scored", place });
  const metric = chooseMetric([...values.keys()], place, file, options);
  if (!metric.ok) return metric;
  const value = values.get(metric.value);
  // Inspect writes NaN for samples that its scorer could not judge.
  if (value === null) return ok({ skipped: "the score is not a number", place });
  const number = typeof value === "string" ? (grades.get(value) ?? value) : value;
  const score = toScore(number, `score "${metric.value}"`, place, file, options);
  if (!score.ok) return score;
  const { promptField } = options;
  const prompt = promptText(promptField === undefined ? sample.input : sample.metadata?.[promptField]);
  if (prompt === undefined) return ok({ skipped: "no prompt text", place });
  const outputChars = sample.output?.completion?.length;
  const outputTokens = (sample.model_usage?.[run.model] ?? sample.output?.usage)?.output_tokens ?? undefined;
  return ok({
    task: options.task ?? run.task,
    id: String(sample.id),
    prompt,
    model: options.model ?? run.model,
    score: score.value,
    ...(outputChars === undefined ? {} : { outputChars }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    place,
  });
}

/** Inspect's letters, with the values that its own accuracy gives them: correct, incorrect, partial, no answer. */
const grades: ReadonlyMap<string, number> = new Map([
  ["C", 1],
  ["I", 0],
  ["P", 0.5],
  ["N", 0],
]);

/** Scorer -> value; a scorer with several values gives `scorer.key` for each. */
function metricsOf({ scores }: InspectSample): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [scorer, { value }] of Object.entries(scores ?? {})) {
    if (typeof value !== "object" || value === null) values.set(scorer, value);
    else for (const [key, part] of Object.entries(value)) values.set(`${scorer}.${key}`, part);
  }
  return values;
}
