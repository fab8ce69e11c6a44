import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import { useCall } from "../api/use-call.ts";
import { percent } from "../format.ts";
import { FaultNotice } from "../shell/fault-notice.ts";
import { Labels } from "./labels.ts";
import { PromptSet } from "./prompt-set.ts";
import { Scores } from "./scores.ts";
import type { TaskResponse } from "./task-contract.ts";
import { labeledPrompts, type TaskState, toTaskRequest, turnLabel } from "./task-state.ts";

interface Props {
  readonly state: TaskState;
  readonly apiKey: string;
  readonly onChange: (state: TaskState) => void;
  readonly onKeyNeeded: () => void;
}

const DEBOUNCE_MS = 400;
/** Labelling begins with the models that may well be the answer. */
const FIRST_LABELED = 3;

/** A set of prompts of one task: which one model to use for all of them, and how labels change that. */
export function TaskView({ state, apiKey, onChange, onKeyNeeded }: Props): ComponentChild {
  const prompts = useMemo(() => labeledPrompts(state), [state]);
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
  const labelCount = prompts.reduce((sum, { outcomes }) => sum + Object.keys(outcomes).length, 0);
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
        count: prompts.length,
        onText: (text) => onChange({ ...state, text }),
      }),
    ),
    h(
      "div",
      { class: "answer" },
      fault !== undefined
        ? h(TaskFault, { fault, retry, onKeyNeeded })
        : value === undefined
          ? h(
              "p",
              { class: "decision-empty" },
              pending ? "Deciding…" : "Paste some prompts, or take the example task.",
            )
          : h(Recommendation, { value, labelCount, promptCount: prompts.length, pending }),
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

interface TaskFaultProps {
  readonly fault: Parameters<typeof FaultNotice>[0]["fault"];
  readonly retry: () => void;
  readonly onKeyNeeded: () => void;
}

function TaskFault({ fault, retry, onKeyNeeded }: TaskFaultProps): ComponentChild {
  const shown =
    fault.kind === "missing"
      ? {
          kind: fault.kind,
          message: "This Worker does not decide for whole tasks yet: it has no /v1/route/task.",
        }
      : fault;
  return h(FaultNotice, { fault: shown, onRetry: retry, onKeyNeeded });
}

interface RecommendationProps {
  readonly value: TaskResponse;
  readonly labelCount: number;
  readonly promptCount: number;
  readonly pending: boolean;
}

function Recommendation({ value, labelCount, promptCount, pending }: RecommendationProps): ComponentChild {
  const { model, ranking } = value;
  const best = ranking.find((candidate) => candidate.model === model);
  const from = labelCount === 0 ? "no labels yet" : `${labelCount} label${labelCount === 1 ? "" : "s"}`;
  const expected =
    best === undefined ? "" : `Expected to be right on ${percent(best.posterior)} of such prompts`;
  return h(
    "section",
    {
      class: `decision${pending ? " is-pending" : ""}`,
      "aria-label": "Recommendation",
      "aria-busy": pending,
    },
    h("p", { class: "eyebrow" }, `For all ${promptCount} prompts use`),
    h("h2", { class: "decision-model" }, model),
    h("p", { class: "decision-reason", role: "status" }, `${expected}; ${from}.`),
  );
}
