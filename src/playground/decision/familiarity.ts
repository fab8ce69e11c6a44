import { type ComponentChild, h } from "preact";
import type { RouteResponse } from "../../contract/route.ts";

const bands = [
  { least: 0.75, text: "Much like the benchmark prompts: the prediction rests on close evidence." },
  {
    least: 0.4,
    text: "Somewhat like the benchmark prompts: the prediction leans towards each model's average.",
  },
  { least: 0, text: "Unlike the benchmark prompts: mostly each model's average decides." },
] as const;

/** How much the prompt is like what the router learned from, and like which tasks. */
export function Familiarity({ response }: { readonly response: RouteResponse }): ComponentChild {
  const { familiarity, explanation } = response;
  // The Worker says itself where it went by averages alone.
  const isUnlike = explanation?.best_on_average === true;
  const band = (isUnlike ? undefined : bands.find(({ least }) => familiarity >= least)) ?? bands.at(-1);
  const share = Math.round(familiarity * 100);
  const tasks = explanation?.nearest_tasks.slice(0, 5) ?? [];
  return h(
    "section",
    { class: "panel", "aria-labelledby": "familiarity-title" },
    h("h3", { id: "familiarity-title" }, "Familiarity"),
    h(
      "div",
      { class: "gauge-row" },
      h(
        "div",
        {
          class: "gauge",
          role: "meter",
          "aria-labelledby": "familiarity-title",
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-valuenow": share,
        },
        h("i", { style: { width: `${share}%` } }),
      ),
      h("b", null, `${share}%`),
    ),
    h("p", { class: "note" }, band?.text),
    tasks.length > 0 && h("h4", null, "Nearest benchmark tasks"),
    h(
      "ul",
      { class: "bars" },
      tasks.map(({ task, similarity }) =>
        h(
          "li",
          { key: task },
          h("span", { class: "bars-name" }, task),
          h("span", { class: "bars-value" }, similarity.toFixed(2)),
          h("i", { class: "bar", style: { width: `${Math.max(0, Math.min(1, similarity)) * 100}%` } }),
        ),
      ),
    ),
  );
}
