import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import type { RouteTaskResponse } from "../../client/index.ts";
import { useCall } from "../api/use-call.ts";
import { percent } from "../format.ts";
import { FaultNotice } from "../shell/fault-notice.ts";
import { Labels } from "./labels.ts";
import { parsePrompts } from "./parse-prompts.ts";
import { PromptSet } from "./prompt-set.ts";
import { taskReason } from "./reason.ts";
import { Scores } from "./scores.ts";
import { labeledPrompts, MAX_PROMPTS, type TaskState, toTaskRequest, turnLabel } from "./task-state.ts";

interface Props {
  readonly state: TaskState;
  readonly apiKey: string;
  readonly onChange: (state: TaskState) => void;
  readonly onKeyNeeded: () => void;
}

const DEBOUNCE_MS = 400;
/** Labeling begins with the models that may well be the answer. */
const FIRST_LABELED = 3;

/** A set of prompts of one task: which one model to use for all of them, and how labels change that. */
export function TaskView({ state, apiKey, onChange, onKeyNeeded }: Props): ComponentChild {
  // A file of megabytes is read once, and not at every label.
  const parsed = useMemo(() => parsePrompts(state.text), [state.text]);
  const all = parsed.prompts;
  const prompts = labeledPrompts(all.slice(0, MAX_PROMPTS), state.labels);
  const called = useCall("task", {
    apiKey,
    body: toTaskRequest(prompts),
    enabled: prompts.length > 0,
    debounceMs: DEBOUNCE_MS,
  });
  const { value, fault, pending, slow, retry } = called;
  const ranked = value?.ranking.map(({ model }) => model) ?? [];
  const given = [...new Set(prompts.flatMap(({ outcomes }) => Object.keys(outcomes)))];
  const labeledModels =
    state.labeledModels.length > 0
      ? state.labeledModels
      : [...new Set([...given, ...ranked])].slice(0, FIRST_LABELED);
  return h(
    "main",
    { class: "task-view" },
    h(
      "div",
      { class: "ask" },
      h("h1", null, "One model for a task"),
      h(
        "p",
        { class: "lead" },
        "Give the prompts of a task. Signalbox predicts how well each model does on all of them, and a few labels make that better.",
      ),
      h(PromptSet, {
        text: state.text,
        count: all.length,
        faults: parsed.faults,
        onText: (text) => onChange({ ...state, text }),
      }),
    ),
    h(
      "div",
      { class: "answer" },
      fault !== undefined
        ? h(FaultNotice, { fault, onRetry: retry, onKeyNeeded })
        : value === undefined
          ? h(
              "p",
              { class: "decision-empty" },
              pending ? "Deciding…" : "Paste some prompts, or take the example task.",
            )
          : h(Recommendation, { value, prompts: countText(prompts.length, all.length), pending }),
      pending && slow && h("p", { class: "slow" }, "Still waiting: every prompt is embedded once."),
      value !== undefined && h(Scores, { ranking: value.ranking, chosen: value.model }),
      value !== undefined &&
        h(Labels, {
          prompts,
          labeledModels,
          otherModels: ranked.filter((model) => !labeledModels.includes(model)),
          onTurn: (prompt, model) => onChange({ ...turnLabel(state, prompt, model), labeledModels }),
          onAddModel: (model) =>
            model !== "" && onChange({ ...state, labeledModels: [...labeledModels, model] }),
        }),
    ),
  );
}

function countText(asked: number, all: number): string {
  if (all > asked) return `the first ${asked} prompts`;
  return all === 1 ? "this prompt" : `all ${all} prompts`;
}

interface RecommendationProps {
  readonly value: RouteTaskResponse;
  /** Which prompts it is for. */
  readonly prompts: string;
  readonly pending: boolean;
}

function Recommendation({ value, prompts, pending }: RecommendationProps): ComponentChild {
  const { model, ranking, familiarity } = value;
  const best = ranking.find((candidate) => candidate.model === model);
  const figures = [
    ...(best === undefined ? [] : [{ name: "expected score", share: best.posterior }]),
    { name: "familiarity of the prompts", share: familiarity },
  ];
  return h(
    "section",
    {
      class: `decision${pending ? " is-pending" : ""}`,
      "aria-label": "Recommendation",
      "aria-busy": pending,
    },
    h("p", { class: "eyebrow" }, `For ${prompts} use`),
    h("h2", { class: "decision-model" }, model),
    h("p", { class: "decision-reason" }, taskReason(value)),
    h(
      "dl",
      { class: "figures" },
      figures.map(({ name, share }) =>
        h("div", { key: name }, h("dt", null, name), h("dd", null, percent(share))),
      ),
    ),
    h("p", { class: "visually-hidden", role: "status" }, pending ? "" : `${model}. ${taskReason(value)}`),
  );
}
