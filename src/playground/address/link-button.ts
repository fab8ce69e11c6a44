import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { toFragment } from "./address.ts";
import type { PromptState } from "./prompt-state.ts";

const TOLD_MS = 4000;

/** Copies an address that opens the page with this prompt and these settings. */
export function LinkButton({ state }: { readonly state: PromptState }): ComponentChild {
  const [told, setTold] = useState("");
  const copy = async () => {
    setTold(await copyLink(toFragment(state)));
    setTimeout(() => setTold(""), TOLD_MS);
  };
  return h(
    "span",
    { class: "link-button" },
    h("button", { type: "button", class: "quiet", onClick: copy }, "Copy link"),
    h("span", { class: "note", role: "status" }, told),
  );
}

async function copyLink(fragment: string | undefined): Promise<string> {
  if (fragment === undefined) return "The prompt is too long for a link.";
  const { origin, pathname } = location;
  return navigator.clipboard.writeText(`${origin}${pathname}#${fragment}`).then(
    () => "Link copied",
    () => "The browser did not allow it: copy the address instead.",
  );
}
