import { ok } from "../core/result.ts";
import { requireColumns } from "./csv-columns.ts";
import { cellOf, readCsvRows } from "./csv-rows.ts";
import type { Importer } from "./importer.ts";
import { isMissing, toScore } from "./score.ts";

const noun = "a table of EmbedLLM";

/** train.csv, val.csv and test.csv of EmbedLLM: one row for each prompt and model, label 1 where it was right. */
export const embedLlm: Importer = {
  noun,
  summary: "EmbedLLM: train.csv, val.csv, test.csv",
  async *read(file, options) {
    for await (const row of readCsvRows(file, noun)) {
      if (!row.ok) return yield row;
      const { place } = row.value;
      const required = requireColumns(
        row.value,
        ["prompt_id", "model_name", "category", "label", "prompt"],
        noun,
        file,
      );
      if (!required.ok) return yield required;
      const prompt = cellOf(row.value, "prompt");
      const id = cellOf(row.value, "prompt_id");
      const model = options.model ?? cellOf(row.value, "model_name");
      if (prompt === undefined || id === undefined || model === undefined) {
        yield ok({ skipped: "no prompt, prompt_id or model_name", place });
        continue;
      }
      if (isMissing(cellOf(row.value, "label"))) {
        yield ok({ skipped: "no score", place });
        continue;
      }
      const score = toScore(cellOf(row.value, "label"), `"label"`, place, file, options);
      if (!score.ok) return yield score;
      const task = options.task ?? cellOf(row.value, "category") ?? "embedllm";
      yield ok({ task, id, prompt, model, score: score.value, place });
    }
  },
};
