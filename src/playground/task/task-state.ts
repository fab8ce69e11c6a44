import { parsePrompts, type TaskPrompt } from "./parse-prompts.ts";
import type { TaskRequest } from "./task-contract.ts";

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
export function labeledPrompts({ text, labels }: TaskState): readonly TaskPrompt[] {
  return parsePrompts(text).map(({ prompt, outcomes }) => ({
    prompt,
    outcomes: {
      ...outcomes,
      ...Object.fromEntries(
        Object.entries(labels[prompt] ?? {}).map(([model, label]) => [model, scores[label]]),
      ),
    },
  }));
}

export function toTaskRequest(prompts: readonly TaskPrompt[]): TaskRequest {
  return {
    prompts: prompts.map(({ prompt, outcomes }) => ({
      prompt,
      ...(Object.keys(outcomes).length > 0 ? { outcomes } : {}),
    })),
  };
}

/** none -> right -> wrong -> none. */
export function turnLabel(state: TaskState, prompt: string, model: string): TaskState {
  const { [model]: before, ...others } = state.labels[prompt] ?? {};
  const next = before === undefined ? "right" : before === "right" ? "wrong" : undefined;
  const labels = next === undefined ? others : { ...others, [model]: next as Label };
  return { ...state, labels: { ...state.labels, [prompt]: labels } };
}
