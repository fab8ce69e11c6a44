import { type ComponentChild, h } from "preact";
import { percent } from "../format.ts";
import { Facts } from "./facts.ts";
import type { Rollout } from "./rollout.ts";

/** Which models the decisions went to, where the Worker counts them. */
export function Traffic({ traffic }: { readonly traffic: Rollout["traffic"] }): ComponentChild {
  const entries = Object.entries(traffic ?? {}).sort(([, a], [, b]) => b - a);
  const total = entries.reduce((sum, [, decisions]) => sum + decisions, 0);
  return h(
    Facts,
    { title: "Traffic by model" },
    total === 0
      ? h(
          "p",
          { class: "note" },
          traffic === undefined
            ? "This Worker does not count decisions: it has no binding for it."
            : "No decision yet.",
        )
      : h(
          "ul",
          { class: "bars" },
          entries
            .slice(0, 8)
            .map(([model, decisions]) =>
              h(
                "li",
                { key: model },
                h("span", { class: "bars-name" }, model),
                h("span", { class: "bars-value" }, percent(decisions / total)),
                h("i", { class: "bar", style: { width: `${(decisions / total) * 100}%` } }),
              ),
            ),
        ),
  );
}
