import { useEffect, useState } from "preact/hooks";
import type { View } from "../shell/views.ts";
import { fromFragment, toFragment } from "./address.ts";
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
      const kept = fragment === undefined ? { prompt: state } : null;
      history.replaceState(kept, "", `#${fragment ?? "prompt"}`);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [view, state, isFirst]);
  return [state, setState];
}

function readKept(): PromptState | undefined {
  const kept = (history.state as { readonly prompt?: PromptState } | null)?.prompt;
  return fromFragment(location.hash) ?? kept;
}

const TASK = "signalbox-task";

/** The prompts of a task, kept in this tab as long as it is open. */
export function useKeptTask<T>(first: T): [T, (state: T) => void] {
  const [state, setState] = useState<T>(() => {
    const kept = sessionStorage.getItem(TASK);
    return kept === null ? first : JSON.parse(kept);
  });
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
