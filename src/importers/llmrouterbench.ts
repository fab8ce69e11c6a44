import { basename, dirname, resolve } from "node:path";
import * as v from "valibot";
import { fail, ok } from "../core/result.ts";
import type { Importer } from "./importer.ts";
import { readJsonDocument } from "./json-document.ts";
import { toScore } from "./score.ts";

const noun = "a result file of LLMRouterBench";
const recordSchema = v.looseObject({
  index: v.union([v.number(), v.string()]),
  origin_query: v.optional(v.string()),
  prompt: v.optional(v.string()),
  score: v.unknown(),
  completion_tokens: v.nullish(v.number()),
  cost: v.nullish(v.number()),
});
const fileSchema = v.looseObject({ records: v.array(recordSchema) });

/** Results of LLMRouterBench; the folders of `<dataset>/<split>/<model>/<time>.json` tell task and model. */
export const llmRouterBench: Importer = {
  noun,
  summary: "LLMRouterBench: results/bench/<dataset>/<split>/<model>/<time>.json",
  async *read(file, options) {
    const document = await readJsonDocument(file, fileSchema, noun);
    if (!document.ok) return yield document;
    const folder = dirname(resolve(file));
    const model = options.model ?? basename(folder);
    const task = options.task ?? basename(dirname(dirname(folder)));
    if (!model || !task) {
      const message = `${file}:1: its folders name no dataset and model; give --task and --model`;
      return yield fail("unknown_model", message, file);
    }
    const places = document.value.placesOf(["records"]);
    for (const [position, record] of document.value.value.records.entries()) {
      const place = places[position] as string;
      // What was asked, without the benchmark's instructions around it.
      const prompt = record.origin_query || record.prompt;
      if (!prompt || record.score === null || record.score === undefined) {
        yield ok({ skipped: "no prompt or score", place });
        continue;
      }
      const score = toScore(record.score, `"score"`, place, file, options);
      if (!score.ok) return yield score;
      const { completion_tokens: outputTokens, cost: costUsd } = record;
      yield ok({
        task,
        id: String(record.index),
        prompt,
        model,
        score: score.value,
        ...(outputTokens ? { outputTokens } : {}),
        ...(costUsd ? { costUsd } : {}),
        place,
      });
    }
  },
};
