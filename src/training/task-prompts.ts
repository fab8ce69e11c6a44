import { readFile } from "node:fs/promises";
import { fail, ok, type Result } from "../core/result.ts";
import type { TaskPrompt } from "../core/task.ts";
import { type LineCode, readJsonLines } from "../outcomes/json-lines.ts";
import type { OutcomeRecord } from "../outcomes/outcome.ts";

/** A prompt whose outcomes nobody has to know. */
export interface PlainPrompt {
  readonly id: string;
  /** Empty only where `embedding` stands for it. */
  readonly prompt: string;
  /** As in outcomes that were collected as feedback. */
  readonly embedding?: string;
}

export type TaskPromptsCode = LineCode | "missing_field" | "no_prompts" | "unmatched_label";

/** Prompts without outcomes: a .txt file with one a line, or JSON lines with `prompt` and perhaps `id`. */
export async function readTaskPrompts(
  file: string,
): Promise<Result<readonly PlainPrompt[], TaskPromptsCode>> {
  const read = await readPlainPrompts(file);
  if (!read.ok) return read;
  const unread = read.value.find(({ prompt }) => prompt === "");
  if (unread === undefined) return read;
  return fail("missing_field", `${file}: "prompt" of "${unread.id}" must be a non-empty string`, file);
}

/** The same, where an embedding may stand for a prompt. */
export async function readPlainPrompts(
  file: string,
): Promise<Result<readonly PlainPrompt[], TaskPromptsCode>> {
  const prompts: PlainPrompt[] = [];
  if (file.endsWith(".txt")) {
    const lines = (await readFile(file, "utf8")).split(/\r?\n/u);
    lines.forEach((line, k) => {
      if (line.trim() !== "") prompts.push({ id: String(k + 1), prompt: line });
    });
  } else {
    for await (const item of readJsonLines(file)) {
      if (!item.ok) return item;
      const { line, value } = item.value;
      const { prompt, id = String(line), embedding } = (value ?? {}) as Readonly<Record<string, unknown>>;
      const embedded = typeof embedding === "string" && embedding !== "" ? { embedding } : {};
      if ((typeof prompt !== "string" || prompt === "") && !("embedding" in embedded)) {
        return fail("missing_field", `${file}:${line}: "prompt" must be a non-empty string`, file);
      }
      prompts.push({ id: String(id), prompt: typeof prompt === "string" ? prompt : "", ...embedded });
    }
  }
  return prompts.length > 0 ? ok(prompts) : fail("no_prompts", `${file} holds no prompt`, file);
}

/**
 * Joins labels to prompts, by text and then by id.
 * @param embeddings [prompts]
 */
export function labelPrompts(
  prompts: readonly PlainPrompt[],
  embeddings: readonly Float32Array[],
  labels: readonly OutcomeRecord[],
  idOf: (model: string) => string,
): Result<readonly TaskPrompt[], TaskPromptsCode> {
  const byText = new Map(prompts.map(({ prompt }, i) => [prompt, i]));
  const byId = new Map(prompts.map(({ id }, i) => [id, i]));
  const joined: (Record<string, number> | undefined)[] = new Array(prompts.length).fill(undefined);
  for (const { id, prompt, outcomes, task } of labels) {
    const index = byText.get(prompt) ?? byId.get(id);
    if (index === undefined) {
      return fail(
        "unmatched_label",
        `the label "${id}" of task "${task}" belongs to none of the prompts, by text or id`,
      );
    }
    joined[index] = Object.fromEntries(
      Object.entries(outcomes).map(([model, score]) => [idOf(model), score]),
    );
  }
  return ok(
    embeddings.map((embedding, i) => {
      const known = joined[i];
      return known === undefined ? { embedding } : { embedding, labels: known };
    }),
  );
}
