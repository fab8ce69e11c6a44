import type { TaskPromptInput } from "../../client/index.ts";
import type { TaskPrompt } from "./parse-prompts.ts";

/** As many as the API takes at a time. */
export const MAX_PROMPTS = 100;

export type Label = "right" | "wrong";

/** What the task view holds. */
export interface TaskState {
  /** As it was pasted. */
  readonly text: string;
  /** By prompt, then by model. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, Label>>>>;
  /** Models that are being labeled; empty until a person picks some. */
  readonly labeledModels: readonly string[];
}

export const emptyTask: TaskState = { text: "", labels: {}, labeledModels: [] };

const scores: Readonly<Record<Label, number>> = { right: 1, wrong: 0 };

/** The prompts with the outcomes that came with them and the labels that were set here; the latter win. */
export function labeledPrompts(
  prompts: readonly TaskPrompt[],
  labels: TaskState["labels"],
): readonly TaskPrompt[] {
  return prompts.map(({ prompt, outcomes }) => ({
    prompt,
    outcomes: {
      ...outcomes,
      ...Object.fromEntries(
        Object.entries(labels[prompt] ?? {}).map(([model, label]) => [model, scores[label]]),
      ),
    },
  }));
}

export function toTaskRequest(prompts: readonly TaskPrompt[]): readonly TaskPromptInput[] {
  return prompts.map(({ prompt, outcomes }) =>
    Object.keys(outcomes).length > 0 ? { prompt, outcomes } : { prompt },
  );
}

/** none -> right -> wrong -> none. */
export function turnLabel(state: TaskState, prompt: string, model: string): TaskState {
  const { [model]: before, ...others } = state.labels[prompt] ?? {};
  const next = before === undefined ? "right" : before === "right" ? "wrong" : undefined;
  const labels = next === undefined ? others : { ...others, [model]: next as Label };
  return { ...state, labels: { ...state.labels, [prompt]: labels } };
}
