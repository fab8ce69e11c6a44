import { useEffect, useState } from "preact/hooks";
import { splitFragment } from "../address/address.ts";

/** The views and their names in the address, so that back, reload and links work. */
export const views = { prompt: "Prompt", task: "Task", operator: "Operator" } as const;
export type View = keyof typeof views;

/** The view that the address names. */
export function useView(): View {
  const [view, setView] = useState<View>(readView);
  useEffect(() => {
    const onChange = () => setView(readView());
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return view;
}

function readView(): View {
  const [name] = splitFragment(location.hash);
  return Object.hasOwn(views, name) ? (name as View) : "prompt";
}
