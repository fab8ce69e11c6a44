import { useEffect, useState } from "preact/hooks";
import type { View } from "../shell/views.ts";
import type { TaskState } from "../task/task-state.ts";
import { fromFragment, toFragment, writeFragment } from "./address.ts";
import type { PromptState } from "./prompt-state.ts";

/** Typing settles for this long before the address follows; browsers limit how often it may change. */
const SETTLE_MS = 300;

/**
 * What the prompt view holds, kept in the address: a reload, a bookmark and a link to it bring it back. What is too long
 * for an address is kept with the tab's history alone, where a reload finds it too.
 */
export function useKeptPrompt(view: View, first: PromptState): [PromptState, (state: PromptState) => void] {
  const [state, setState] = useState<PromptState>(() => readKept() ?? first);
  // A link that somebody opened in this tab.
  useEffect(() => {
    const onChange = () => {
      const asked = fromFragment(location.hash);
      if (asked !== undefined) setState(asked);
    };
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  const isFirst = state === first;
  useEffect(() => {
    if (view !== "prompt" || isFirst) return;
    const timer = setTimeout(() => {
      const fragment = toFragment(state);
      const kept = fragment === undefined ? { fragment: writeFragment(state) } : null;
      history.replaceState(kept, "", `#${fragment ?? "prompt"}`);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [view, state, isFirst]);
  return [state, setState];
}

function readKept(): PromptState | undefined {
  const kept = (history.state as { readonly fragment?: unknown } | null)?.fragment;
  return fromFragment(location.hash) ?? (typeof kept === "string" ? fromFragment(kept) : undefined);
}

const TASK = "signalbox-task";

/** The prompts and labels of a task, kept in this tab as long as it is open. */
export function useKeptTask(first: TaskState): [TaskState, (state: TaskState) => void] {
  const [state, setState] = useState<TaskState>(() => readTask() ?? first);
  const isFirst = state === first;
  useEffect(() => {
    if (isFirst) return;
    const timer = setTimeout(() => {
      try {
        sessionStorage.setItem(TASK, JSON.stringify(state));
      } catch {
        // The tab has no room for so much; what was kept before is not this.
        sessionStorage.removeItem(TASK);
      }
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state, isFirst]);
  return [state, setState];
}

/** Undefined where nothing is kept, or something that another version of this page wrote. */
function readTask(): TaskState | undefined {
  try {
    const { text, labels, labeledModels } = JSON.parse(sessionStorage.getItem(TASK) ?? "{}");
    const isTask = typeof text === "string" && typeof labels === "object" && Array.isArray(labeledModels);
    return isTask && labels !== null ? { text, labels, labeledModels } : undefined;
  } catch {
    return undefined;
  }
}
